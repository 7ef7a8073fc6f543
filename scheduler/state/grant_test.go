package state_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/state"
)

var hostA, hostB = hostID(1), hostID(2)

// granted is a state with a component that is linked to capabilities in every way.
func granted(t *testing.T) *state.State {
	t.Helper()
	comp := &state.Component{
		ID: "shop", Target: 2, Rules: lattice.Rules{Mode: lattice.ModeNone},
		Revisions: []state.Revision{
			{Number: 1, Ref: "r", Digest: digest},
			{
				Number: 2, Ref: "r", Digest: digest,
				Secrets: map[string]lattice.SecretRef{"key": {Name: "shop-key"}, "gone": {Name: "gone"}, "old": {Name: "token", Version: 1}, "never": {Name: "token", Version: 9}},
				Links: []lattice.Link{
					{Source: "shop", Target: "cart", Name: "default", Namespace: "demo", Package: "cart", Interfaces: []string{"store"}},
					{
						Source: "shop", Target: "redis", Name: "default", Namespace: "wasi", Package: "keyvalue", Interfaces: []string{"store"},
						TargetConfig: []lattice.ConfigName{"target"}, SourceConfig: []lattice.ConfigName{"source"},
						Secrets: map[string]lattice.SecretRef{"token": {Name: "token"}},
					},
					{Source: "shop", Target: "nothing", Name: "default", Namespace: "acme", Package: "tool", Interfaces: []string{"run"}},
				},
			},
		},
	}
	placed := &state.Placements{Component: "shop", Hosts: []state.Placement{{Host: hostA, Revision: 2, Instances: 1, Why: "w"}}}
	link := func(l lattice.Link) state.Record { return state.Record{Link: &state.Link{Link: l}} }
	s := state.New("default")
	for _, r := range []state.Record{
		{Component: comp},
		{Placements: placed},
		{Provider: &state.Provider{
			ID: "redis", Name: "redis", Image: "i", Kind: "keyvalue-redis", Configs: []lattice.ConfigName{"all"},
			Secrets: map[string]lattice.SecretRef{"password": {Name: "redis-password"}, "token": {Name: "redis-password"}},
		}},
		{Provider: &state.Provider{ID: "nats", Name: "nats", Image: "i", Kind: "messaging-nats"}},
		{Provider: &state.Provider{ID: "http", Name: "http", Image: "i", Kind: "httpserver"}},
		{Provider: &state.Provider{ID: "nothing", Name: "nothing", Image: "i"}},
		{Config: &state.Config{Name: "all", Values: lattice.Config{"a": "provider", "b": "provider", "c": "provider"}}},
		{Config: &state.Config{Name: "target", Values: lattice.Config{"b": "target", "c": "target"}}},
		{Config: &state.Config{Name: "source", Values: lattice.Config{"c": "source"}}},
		{Config: &state.Config{Name: "subs", Values: lattice.Config{"subscriptions": "orders.>"}}},
		{Secret: secret("token", 1, 2)},
		{Secret: secret("shop-key", 4)},
		{Secret: secret("redis-password", 7)},
		link(lattice.Link{Source: "shop", Target: "wattle://httpclient", Name: "out", Namespace: "wasi", Package: "http", Interfaces: []string{"outgoing-handler"}}),
		link(lattice.Link{Source: "nats", Target: "shop", Name: "default", Namespace: "wasmcloud", Package: "messaging", Interfaces: []string{"handler"}, SourceConfig: []lattice.ConfigName{"subs"}}),
		link(lattice.Link{Source: "http", Target: "shop", Name: "default", Namespace: "wasi", Package: "http", Interfaces: []string{"incoming-handler"}}),
		link(lattice.Link{Source: "other", Target: "shop", Name: "default", Namespace: "demo", Package: "shop", Interfaces: []string{"buy"}}),
	} {
		s = apply(t, s, state.Put(r))
	}
	return s
}

func secret(name lattice.SecretName, numbers ...uint64) *state.Secret {
	s := &state.Secret{Name: name}
	for _, n := range numbers {
		s.Versions = append(s.Versions, state.SecretVersion{Number: n, Sealed: []byte{1}})
	}
	return s
}

// What a host is told of a component has its links to components, and what it is linked
// to of the host's own, with configurations laid over each other and the versions of
// secrets that are the newest.
func TestCapabilities(t *testing.T) {
	s := granted(t)
	d := s.Desired(hostA)
	if _, err := wire.EncodeDesired(d); err != nil {
		t.Fatal(err)
	}
	spec := d.Components[0]
	if len(spec.Links) != 1 || spec.Links[0].Target != "cart" {
		t.Errorf("links %+v, want the one to cart", spec.Links)
	}
	want := []lattice.Capability{
		{Kind: "httpclient", Name: "out", Namespace: "wasi", Package: "http", Interfaces: []string{"outgoing-handler"}},
		{
			Kind: "keyvalue-redis", Name: "default", Namespace: "wasi", Package: "keyvalue", Interfaces: []string{"store"},
			Config:  map[string]string{"a": "provider", "b": "target", "c": "source"},
			Secrets: map[string]lattice.SecretRef{"password": {Name: "redis-password", Version: 7}, "token": {Name: "token", Version: 2}},
		},
		{
			Kind: "messaging-nats", Name: "default", Namespace: "wasmcloud", Package: "messaging", Interfaces: []string{"handler"},
			Config: map[string]string{"subscriptions": "orders.>"},
		},
	}
	if diff := cmp.Diff(want, spec.Capabilities); diff != "" {
		t.Errorf("capabilities (-want +got):\n%s", diff)
	}
	secrets := map[string]lattice.SecretRef{"key": {Name: "shop-key", Version: 4}, "old": {Name: "token", Version: 1}}
	if diff := cmp.Diff(secrets, spec.Secrets); diff != "" {
		t.Errorf("secrets (-want +got):\n%s", diff)
	}
	for i, g := range s.Grants("shop") {
		if diff := cmp.Diff(want[i], g.Capability); diff != "" || g.Calls != (g.Kind == "messaging-nats") || len(g.MissingConfigs)+len(g.MissingSecrets) > 0 {
			t.Errorf("grant %+v (-want +got):\n%s", g, diff)
		}
	}
	if _, missing := s.Resolve(s.Component("shop").TargetRevision().Secrets); !slices.Equal(missing, []lattice.SecretRef{{Name: "gone"}, {Name: "token", Version: 9}}) {
		t.Errorf("missing %v", missing)
	}
	g := s.GrantOf(&lattice.Link{Source: "x", Target: "wattle://x", TargetConfig: []lattice.ConfigName{"all", "none"}})
	if g == nil || g.Kind != "x" || g.Config["a"] != "provider" || !slices.Equal(g.MissingConfigs, []lattice.ConfigName{"none"}) {
		t.Errorf("grant of a link %+v", g)
	}
	if got := s.Concerned([]state.Change{{Key: "config.all"}, {Key: "secret.shop-key"}, {Key: "host.x"}}); !slices.Equal(got, []lattice.ComponentID{"shop"}) {
		t.Errorf("concerned %v", got)
	}
	if s.Provider("redis").Secrets["token"].Name != "redis-password" {
		t.Error("a record has changed")
	}
}

// Each record on which the document of a host depends reaches the host when it changes.
func TestCapabilitiesReach(t *testing.T) {
	s := granted(t)
	provider := *s.Provider("redis")
	provider.Configs = nil
	from := *s.Provider("nats")
	from.Configs = []lattice.ConfigName{"all"}
	for name, c := range map[string]state.Change{
		"config of a provider":     state.Put(state.Record{Config: &state.Config{Name: "all", Values: lattice.Config{"a": "new"}}}),
		"config of a target":       state.Put(state.Record{Config: &state.Config{Name: "target", Values: lattice.Config{"b": "new"}}}),
		"config of a source":       state.Put(state.Record{Config: &state.Config{Name: "subs", Values: lattice.Config{"subscriptions": "x"}}}),
		"deleted config":           state.Delete(state.ConfigKey("source")),
		"secret of a component":    state.Put(state.Record{Secret: secret("shop-key", 4, 5)}),
		"secret of a provider":     state.Put(state.Record{Secret: secret("redis-password", 8)}),
		"secret of a link":         state.Put(state.Record{Secret: secret("token", 1, 2, 3)}),
		"secret that was not":      state.Put(state.Record{Secret: secret("gone", 1)}),
		"provider":                 state.Put(state.Record{Provider: &provider}),
		"provider that calls":      state.Put(state.Record{Provider: &from}),
		"deleted provider":         state.Delete(state.ProviderKey("nats")),
		"link from a component":    state.Delete("link.shop.wasi.http.out"),
		"link from a capability":   state.Delete("link.nats.wasmcloud.messaging.default"),
		"component becomes linked": state.Put(state.Record{Component: s.Component("shop")}),
	} {
		next := apply(t, s, c)
		same := cmp.Equal(s.Desired(hostA).Components, next.Desired(hostA).Components)
		if name != "component becomes linked" && same {
			t.Errorf("%s: the document is the same", name)
		}
		if !state.Changed(s, next, []state.Change{c}).Hosts[hostA] {
			t.Errorf("%s: the host is not reached", name)
		}
	}
	other := state.Put(state.Record{Config: &state.Config{Name: "unused", Values: lattice.Config{"a": "new"}}})
	if r := state.Changed(s, apply(t, s, other), []state.Change{other}); len(r.Hosts) != 0 {
		t.Errorf("a configuration that nobody uses reaches %v", r.Hosts)
	}
}

// A host may have the versions of secrets that it is told of, and no others.
func TestAsks(t *testing.T) {
	s := granted(t)
	for _, c := range []struct {
		host lattice.HostID
		ref  lattice.SecretRef
		want bool
	}{
		{hostA, lattice.SecretRef{Name: "shop-key", Version: 4}, true},
		{hostA, lattice.SecretRef{Name: "shop-key", Version: 3}, false},
		{hostA, lattice.SecretRef{Name: "token", Version: 1}, true},
		{hostA, lattice.SecretRef{Name: "token", Version: 2}, true},
		{hostA, lattice.SecretRef{Name: "redis-password", Version: 7}, true},
		{hostA, lattice.SecretRef{Name: "gone", Version: 1}, false},
		{hostA, lattice.SecretRef{Name: "shop-key"}, false},
		{hostB, lattice.SecretRef{Name: "shop-key", Version: 4}, false},
	} {
		if got := s.Asks(c.host, c.ref); got != c.want {
			t.Errorf("Asks(%s, %v) = %v, want %v", c.host.Short(), c.ref, got, c.want)
		}
	}
}

// Secrets and what names them survive a snapshot, with the indices.
func TestGrantsInSnapshot(t *testing.T) {
	s := granted(t)
	var b bytes.Buffer
	if err := s.Snapshot(&b); err != nil {
		t.Fatal(err)
	}
	back, err := state.Restore(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s.Desired(hostA), back.Desired(hostA)); diff != "" {
		t.Errorf("-before +after:\n%s", diff)
	}
	if diff := cmp.Diff(slices.Collect(s.AskersOf("token")), slices.Collect(back.AskersOf("token"))); diff != "" {
		t.Errorf("-before +after:\n%s", diff)
	}
	data, err := state.EncodeEntry(&state.Entry{Changes: []state.Change{state.Put(state.Record{Component: s.Component("shop")}), state.Put(state.Record{Secret: s.Secret("token")})}})
	if err != nil {
		t.Fatal(err)
	}
	e, err := state.DecodeEntry(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s.Component("shop"), e.Changes[0].Component); diff != "" {
		t.Errorf("component (-put +read):\n%s", diff)
	}
}
