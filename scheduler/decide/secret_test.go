package decide_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/decide"
	"github.com/wattle-dev/wattle/scheduler/state"
)

const vault = `apiVersion: core.oam.dev/v1beta1
kind: Application
metadata: {name: vault, annotations: {version: %s}}
spec:
  policies:
    - name: own
      type: policy.secret.wasmcloud.dev/v1alpha1
      properties: {backend: wattle}
  components:
    - name: x
      type: component
      properties:
        image: ./x.wasm
        secrets:
          - {name: password, properties: {policy: own, key: pass}}
          - {name: old password, properties: {policy: own, key: pass, version: "1"}}
      traits:
        - {type: spreadscaler, properties: {instances: 1}}
        - type: link
          properties:
            namespace: wasi
            package: http
            interfaces: [outgoing-handler]
            target:
              name: http
              config:
                - {name: rules, properties: {allow: GET https://api.example.com/, header.authorization: "Bearer ${secret:token}", max-requests: "%d"}}
              secrets:
                - {name: token, properties: {policy: own, key: api-token}}
    - name: http
      type: capability
      properties: {image: "wattle://httpclient"}
`

func put(name lattice.SecretName, sealed string) *control.PutSecret {
	return &control.PutSecret{Secret: name, Sealed: []byte(sealed), By: "ann"}
}

// refusal is the error of a command that must be refused.
func (w *world) refusal(cmd control.Command, kind error) string {
	w.tb.Helper()
	_, err := w.try(cmd)
	if !errors.Is(err, kind) {
		w.tb.Fatalf("%s: %v, want %v", cmd.Name(), err, kind)
	}
	return err.Error()
}

// What needs secrets is not deployed without them, and is given those that are the newest
// as soon as they are there.
func TestSecrets(t *testing.T) {
	w := newWorld(t, 1)
	deploy := &control.PutApp{Manifest: fmt.Sprintf(vault, "v1", 3), Digests: map[string]string{"./x.wasm": digest(1)}, Deploy: true}
	why := w.refusal(deploy, lattice.ErrNotFound)
	for _, want := range []string{
		`component "x"`, "secret \"pass\" is not there: store it with `wattle secret put pass`", "`wattle secret put api-token`", `link "default" of "vault-x" to wasi:http`,
	} {
		if !strings.Contains(why, want) {
			t.Errorf("%s\nwant %s", why, want)
		}
	}
	if w.state().App("vault") != nil {
		t.Error("something is left of what was refused")
	}
	for _, c := range []*control.PutSecret{put("pass", "1"), put("api-token", "2")} {
		if r := w.do(c).Result.(*control.SecretResult); r.Version != 1 || !r.Changed {
			t.Errorf("put %s: %+v", c.Secret, r)
		}
	}
	if r := w.do(put("pass", "1")).Result.(*control.SecretResult); r.Version != 1 || r.Changed {
		t.Errorf("put again: %+v", r)
	}
	w.app(deploy)
	w.settle(works)
	if s := w.status("vault"); s.Phase != control.AppReady {
		t.Errorf("phase %q, %s", s.Phase, s.Reason)
	}
	check := func(pass, token uint64) {
		t.Helper()
		spec := w.state().Desired(hostID(0)).Components[0]
		secrets := map[string]lattice.SecretRef{"password": {Name: "pass", Version: pass}, "old password": {Name: "pass", Version: 1}}
		if diff := cmp.Diff(secrets, spec.Secrets); diff != "" {
			t.Errorf("secrets (-want +got):\n%s", diff)
		}
		want := []lattice.Capability{{
			Kind: "httpclient", Name: "default", Namespace: "wasi", Package: "http", Interfaces: []string{"outgoing-handler"},
			Config:  map[string]string{"allow": "GET https://api.example.com/", "header.authorization": "Bearer ${secret:token}", "max-requests": "3"},
			Secrets: map[string]lattice.SecretRef{"token": {Name: "api-token", Version: token}},
		}}
		if diff := cmp.Diff(want, spec.Capabilities); diff != "" {
			t.Errorf("capabilities (-want +got):\n%s", diff)
		}
	}
	check(1, 1)
	revision := w.state().Component("vault-x").Target
	r := w.do(put("pass", "new")).Result.(*control.SecretResult)
	if r.Version != 2 || len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "1 user is given the new value") {
		t.Errorf("new version: %+v", r)
	}
	w.do(put("api-token", "new"))
	check(2, 2)
	if now := w.state().Component("vault-x").Target; now != revision {
		t.Errorf("revision %d, want the same as before, %d", now, revision)
	}
	if why := w.refusal(&control.DeleteSecret{Secret: "pass"}, lattice.ErrDenied); !strings.Contains(why, `component "vault-x" may ask for it`) {
		t.Error(why)
	}
	w.app(&control.UndeployApp{App: "vault"})
	if r := w.do(&control.DeleteSecret{Secret: "pass"}).Result.(*control.SecretResult); !r.Changed {
		t.Errorf("delete: %+v", r)
	}
	if r := w.do(&control.DeleteSecret{Secret: "pass"}).Result.(*control.SecretResult); r.Changed {
		t.Errorf("delete again: %+v", r)
	}
}

// A rollback is not held up by what is gone.
func TestSecretsRollback(t *testing.T) {
	w := newWorld(t, 1)
	w.do(put("pass", "1"))
	w.do(put("api-token", "1"))
	digests := map[string]string{"./x.wasm": digest(1)}
	w.app(&control.PutApp{Manifest: fmt.Sprintf(vault, "v1", 3), Digests: digests, Deploy: true})
	w.settle(works)
	without := strings.NewReplacer(
		"        secrets:\n          - {name: password, properties: {policy: own, key: pass}}\n          - {name: old password, properties: {policy: own, key: pass, version: \"1\"}}\n", "",
	).Replace(fmt.Sprintf(vault, "v2", 3))
	w.app(&control.PutApp{Manifest: without, Digests: digests, Deploy: true})
	w.settle(works)
	w.do(&control.DeleteSecret{Secret: "pass"})
	w.app(&control.RollbackApp{App: "vault", Version: "v1"})
	w.settle(works)
	if s := w.status("vault"); s.Phase != control.AppWaiting || !strings.Contains(s.Reason, "store it with `wattle secret put pass`") {
		t.Errorf("phase %q, %s", s.Phase, s.Reason)
	}
	w.do(put("pass", "again"))
	w.settle(works)
	if s := w.status("vault"); s.Phase != control.AppReady {
		t.Errorf("phase %q, %s", s.Phase, s.Reason)
	}
}

// A configuration that a manifest names without its values has to be there; if they are
// elsewhere in the manifest, that is another one.
func TestConfigMissing(t *testing.T) {
	const text = `apiVersion: core.oam.dev/v1beta1
kind: Application
metadata: {name: shop, annotations: {version: v1}}
spec:
  components:
    - name: front
      type: component
      properties: {image: ./x.wasm, config: [{name: words}]}
    - name: back
      type: component
      properties: {image: ./x.wasm%s}
`
	w := newWorld(t, 1)
	put := func(more string) *control.PutApp {
		return &control.PutApp{Manifest: fmt.Sprintf(text, more), Digests: map[string]string{"./x.wasm": digest(1)}, Deploy: true}
	}
	if why := w.refusal(put(""), lattice.ErrNotFound); !strings.Contains(why, "wattle config put words KEY=VALUE") || strings.Contains(why, "repeat") {
		t.Error(why)
	}
	if why := w.refusal(put(", config: [{name: words, properties: {a: b}}]"), lattice.ErrNotFound); !strings.Contains(why, "or repeat the properties") {
		t.Error(why)
	}
	w.do(&control.PutConfig{Config: "words", Values: lattice.Config{"a": "b"}})
	w.app(put(""))
}

// A secret keeps a number of versions: the oldest go, and those that are named stay.
func TestSecretVersions(t *testing.T) {
	w := newWorld(t, 1)
	w.do(put("token", "1"))
	w.do(&control.PutLink{Link: lattice.Link{
		Source: "shop", Target: "wattle://httpclient", Name: "out", Namespace: "wasi", Package: "http", Interfaces: []string{"outgoing-handler"},
		Secrets: map[string]lattice.SecretRef{"token": {Name: "token", Version: 1}},
	}})
	for i := range 2 * state.MaxSecretVersions {
		w.do(put("token", fmt.Sprint("new ", i)))
	}
	s := w.state().Secret("token")
	if n := len(s.Versions); n != state.MaxSecretVersions || s.Version(1) == nil || s.Version(2) != nil || s.Newest().Number != 2*state.MaxSecretVersions+1 {
		t.Errorf("%d versions: %+v", n, s.Versions)
	}
	list, err := w.lead.View(w.now, w.now, &control.ListSecrets{})
	if err != nil {
		t.Fatal(err)
	}
	if all := list.(*control.SecretList).Secrets; len(all) != 1 || all[0].Users != 1 || all[0].Version != 33 || all[0].By != "ann" {
		t.Errorf("list %+v", all)
	}
	answer, err := w.lead.View(w.now, w.now, &control.SecretHistoryOf{Secret: "token"})
	if err != nil {
		t.Fatal(err)
	}
	if h := answer.(*control.SecretHistory); len(h.Versions) != state.MaxSecretVersions || h.Versions[0].Version != 1 || len(h.Users) != 1 || h.Users[0] != `link "shop.wasi.http.out"` {
		t.Errorf("history %+v", h)
	}
	if _, err := w.lead.View(w.now, w.now, &control.SecretHistoryOf{Secret: "none"}); !errors.Is(err, lattice.ErrNotFound) {
		t.Errorf("history of none: %v", err)
	}
}

// What a manifest asks for and no host would grant is stored, and not deployed.
func TestRefusedManifest(t *testing.T) {
	w := newWorld(t, 1)
	text := fmt.Sprintf(vault, "v1", 9999)
	w.app(&control.PutApp{Manifest: text, Digests: map[string]string{"./x.wasm": digest(1)}})
	why := w.refusal(&control.DeployApp{App: "vault"}, lattice.ErrInvalid)
	if !strings.Contains(why, `spec.components[0].traits[1].properties.target.config[0].properties.max-requests: wattle://httpclient: "9999", want a number from 1 to 4096`) {
		t.Error(why)
	}
}

// Links to capabilities by command are judged at once, and so are the configurations that
// they name.
func TestLinkToCapability(t *testing.T) {
	w := newWorld(t, 1)
	l := lattice.Link{Source: "shop", Target: "wattle://httpclient", Name: "default", Namespace: "wasi", Package: "http", Interfaces: []string{"outgoing-handler"}}
	with := func(change func(l *lattice.Link)) *control.PutLink {
		next := l
		change(&next)
		return &control.PutLink{Link: next}
	}
	for want, c := range map[string]struct {
		cmd  control.Command
		kind error
	}{
		`capability "wattle://telnet": not found: there is`:                    {with(func(l *lattice.Link) { l.Target = "wattle://telnet" }), lattice.ErrNotFound},
		`wattle://httpclient does not serve "wasi:http/types"`:                 {with(func(l *lattice.Link) { l.Interfaces = []string{"types"} }), lattice.ErrInvalid},
		`wattle://httpserver does not serve "wasi:http/outgoing-handler"`:      {with(func(l *lattice.Link) { l.Target = "wattle://httpserver" }), lattice.ErrInvalid},
		"config \"rules\": not found: make it with":                            {with(func(l *lattice.Link) { l.TargetConfig = []lattice.ConfigName{"rules"} }), lattice.ErrNotFound},
		"secret \"none\" is not there: store it with `wattle secret put none`": {with(func(l *lattice.Link) { l.Secrets = map[string]lattice.SecretRef{"a": {Name: "none"}} }), lattice.ErrNotFound},
		"a link to a component has no secrets":                                 {with(func(l *lattice.Link) { l.Target, l.Secrets = "cart", map[string]lattice.SecretRef{"a": {Name: "none"}} }), lattice.ErrInvalid},
	} {
		if why := w.refusal(c.cmd, c.kind); !strings.Contains(why, want) {
			t.Errorf("%s\nwant %s", why, want)
		}
	}
	w.do(&control.PutConfig{Config: "rules", Values: lattice.Config{"allow": "GET https://api.example.com/"}})
	w.start("shop", 1)
	w.do(with(func(l *lattice.Link) { l.TargetConfig = []lattice.ConfigName{"rules"} }))
	caps := func() []lattice.Capability {
		t.Helper()
		return w.state().Desired(hostID(0)).Components[0].Capabilities
	}
	if got := caps(); len(got) != 1 || got[0].Config["allow"] != "GET https://api.example.com/" {
		t.Fatalf("capabilities %+v", got)
	}
	why := w.refusal(&control.PutConfig{Config: "rules", Values: lattice.Config{"alow": "x"}}, lattice.ErrInvalid)
	if !strings.Contains(why, `component "shop": link "default" of "shop" to wasi:http: config of wattle://httpclient: "alow": unknown key; did you mean "allow"?`) {
		t.Error(why)
	}
	w.do(&control.PutConfig{Config: "rules", Values: lattice.Config{"allow": "GET https://other.example.com/"}})
	if got := caps(); got[0].Config["allow"] != "GET https://other.example.com/" {
		t.Errorf("capabilities %+v, want the new values", got)
	}
	w.do(&control.DeleteLink{Source: "shop", LinkName: "default", Namespace: "wasi", Package: "http"})
	if got := caps(); len(got) != 0 {
		t.Errorf("capabilities %+v, want none", got)
	}
}

// Secrets are bounded in number, and in what is stored of all of them.
func TestSecretBounds(t *testing.T) {
	w := newWorld(t, 1)
	large := strings.Repeat("x", wire.MaxSealed)
	n := 0
	for ; n < decide.MaxSecretBytes/len(large); n++ {
		w.do(put(lattice.SecretName(fmt.Sprint("large-", n)), large))
	}
	if why := w.refusal(put("one-more", large), lattice.ErrExhausted); !strings.Contains(why, "bytes, the limit is") {
		t.Error(why)
	}
	for ; n < decide.MaxSecrets; n++ {
		w.do(put(lattice.SecretName(fmt.Sprint("small-", n)), "x"))
	}
	if why := w.refusal(put("one-more", "x"), lattice.ErrExhausted); !strings.Contains(why, "there are 2048") {
		t.Error(why)
	}
	w.do(put("small-2000", "new")) // a new version of one that is there
}
