package inventory_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/internal/cli/inventory"
	"github.com/wattle-dev/wattle/internal/cli/show"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/wire"
)

var (
	buckets = wire.Buckets{Lattice: "default"}
	digest  = "sha256:" + strings.Repeat("0a", 32)
)

// world is a lattice with a scheduler and hosts, who write what they like.
type world struct {
	t         *testing.T
	l         lattice.Lattice
	scheduler lattice.Signer
	source    *inventory.Source
	refused   []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	ring, err := trust.OpenOrInit(filepath.Join(t.TempDir(), "keys"), "default")
	if err != nil {
		t.Fatal(err)
	}
	creds, err := ring.Creds("default", trust.RoleScheduler, "")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t}
	if w.scheduler, err = trust.NewSigner(creds); err != nil {
		t.Fatal(err)
	}
	account, err := ring.Account("default")
	if err != nil {
		t.Fatal(err)
	}
	verify, err := trust.NewVerifier("default", account)
	if err != nil {
		t.Fatal(err)
	}
	if w.l, err = memlattice.New(memlattice.Options{}).Join("operator"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{buckets.Hosts(), buckets.Components(), buckets.Ready(), buckets.Catalogue(), buckets.Links(), buckets.Config()} {
		if _, err := w.l.CreateBucket(t.Context(), lattice.BucketConfig{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	w.source = &inventory.Source{Lattice: w.l, Name: "default", Verify: verify, Refused: func(bucket, key string, _ error) {
		w.refused = append(w.refused, bucket+" "+key)
	}}
	return w
}

// put signs a document and stores it.
func (w *world) put(s lattice.Signer, bucket, key string, document []byte, err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	signed, err := s.Sign(bucket, key, document)
	if err != nil {
		w.t.Fatal(err)
	}
	b, err := w.l.Bucket(w.t.Context(), bucket)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := b.Put(w.t.Context(), key, signed); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) delete(bucket, key string) {
	w.t.Helper()
	b, err := w.l.Bucket(w.t.Context(), bucket)
	if err == nil {
		err = b.Delete(w.t.Context(), key)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// node is a host.
type node struct {
	signer lattice.Signer
	report lattice.HostReport
}

func newNode(t *testing.T, name, group string) *node {
	t.Helper()
	key, err := trust.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC()
	return &node{trust.NewHostSigner(key), lattice.HostReport{
		ID: key.HostID(), Name: name, Lattice: "default", Group: lattice.GroupName(group), Version: "v1", State: lattice.HostReady,
		Started: now, Time: now, Every: 2000, Labels: map[string]string{"zone": "a"},
		Capacity: lattice.Capacity{CPUs: 2, MemoryBytes: 4 << 30}, Load: lattice.Load{CPU: 0.25, MemoryBytes: 100 << 20, Running: 3},
	}}
}

func (w *world) report(n *node) {
	w.t.Helper()
	doc, err := wire.EncodeHostReport(&n.report)
	w.put(n.signer, buckets.Hosts(), string(n.report.ID), doc, err)
}

func (w *world) rows(kind string) [][]string {
	w.t.Helper()
	k := inventory.KindOf(kind)
	inv, err := w.source.Load(w.t.Context(), k)
	if err != nil {
		w.t.Fatal(err)
	}
	var out [][]string
	for _, r := range k.Rows(inv, time.Now()) {
		var cells []string
		for i, c := range k.Columns {
			if !c.Wide {
				cells = append(cells, r.Cells[i])
			}
		}
		out = append(out, cells)
	}
	return out
}

func (w *world) want(kind string, want ...[]string) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.rows(kind)); diff != "" {
		w.t.Errorf("%s (-want +got):\n%s", kind, diff)
	}
}

func TestKinds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.l.Close()
		for _, k := range inventory.Kinds() {
			w.want(k.Name)
		}
		a, b := newNode(t, "alpha", "edge"), newNode(t, "beta", "core")
		a.report.Components = []lattice.ComponentStatus{{
			ID: "shop", Ref: "shop.wasm", Digest: digest, Revision: 2, State: lattice.ComponentRunning, Since: a.report.Started, MaxInstances: 4, Calls: 7, Failures: 1,
		}}
		b.report.Components = []lattice.ComponentStatus{{
			ID: "shop", Ref: "shop.wasm", Digest: digest, Revision: 2, State: lattice.ComponentFailed, Reason: "no such import\nand more", Since: a.report.Started, MaxInstances: 4,
		}}
		b.report.Providers = []lattice.ProviderStatus{{ID: "redis", Name: "Redis", Interfaces: []string{"wasi:keyvalue/store"}, State: "running"}}
		w.report(a)
		w.report(b)
		doc, err := wire.EncodeAssignment(&lattice.Assignment{
			Component: "shop", Stamp: lattice.Stamp{Index: 9},
			Variants: []lattice.Variant{{Ref: "shop.wasm", Digest: digest, Revision: 2, Hosts: map[lattice.HostID]int{a.report.ID: 4, b.report.ID: 4}}},
			Routes:   []lattice.Route{{Path: "/shop"}, {Host: "shop.example", Path: "/"}},
		})
		w.put(w.scheduler, buckets.Components(), "shop", doc, err)
		doc, err = wire.EncodeReady(&lattice.Ready{Component: "shop", Host: a.report.ID, Digest: digest, Since: a.report.Started})
		w.put(a.signer, buckets.Ready(), wire.ReadyKey(a.report.ID, "shop"), doc, err)
		link := lattice.Link{Source: "shop", Target: "redis", Name: "default", Namespace: "wasi", Package: "keyvalue", Interfaces: []string{"store", "atomics"}}
		doc, err = wire.EncodeLink(&link)
		w.put(w.scheduler, buckets.Links(), wire.LinkKey(&link), doc, err)
		doc, err = wire.EncodeConfig(lattice.Config{"b": "2", "a": "1"})
		w.put(w.scheduler, buckets.Config(), "settings", doc, err)
		time.Sleep(3 * time.Second) // of the bubble

		w.want("hosts",
			[]string{"beta", b.report.ID.Short(), "core", "ready", "1", "3", "0.2/2", "100MiB/4GiB", "3s"},
			[]string{"alpha", a.report.ID.Short(), "edge", "ready", "1", "3", "0.2/2", "100MiB/4GiB", "3s"})
		w.want("hostgroups",
			[]string{"core", "1", "1", "0", "0", "1", "3", "0.2/2", "4GiB"},
			[]string{"edge", "1", "1", "0", "1", "0", "3", "0.2/2", "4GiB"})
		w.want("components",
			[]string{"shop", "1/2", "failed: no such import…", "2", "alpha,beta", "/shop,shop.example/", "7", "1"})
		w.want("providers", []string{"redis", "Redis", "beta", "running", "-"})
		w.want("links", []string{"shop", "redis", "wasi:keyvalue/store,atomics", "default"})
		w.want("config", []string{"settings", "2", "a,b"})

		// Nothing is heard of alpha, and beta has ended.
		b.report.State = lattice.HostStopped
		w.report(b)
		since := time.Now().Add(-3 * time.Second)
		time.Sleep(10 * time.Second) // of the bubble
		w.want("hosts",
			[]string{"beta", b.report.ID.Short(), "core", "stopped", "1", "3", "0.2/2", "100MiB/4GiB", "10s"},
			[]string{"alpha", a.report.ID.Short(), "edge", "unreachable since " + since.Format(time.TimeOnly), "1", "3", "0.2/2", "100MiB/4GiB", "13s"})
		w.want("hostgroups", []string{"edge", "1", "0", "1", "0", "0", "0", "0.0/0", "0B"})
		if got := w.rows("components")[0][1]; got != "0/2" {
			t.Errorf("ready on hosts that are not there: %s", got)
		}
		if len(w.refused) > 0 {
			t.Errorf("refused: %q", w.refused)
		}
	})
}

// TestForged has documents of those to whom they do not belong.
func TestForged(t *testing.T) {
	w := newWorld(t)
	defer w.l.Close()
	a, b := newNode(t, "alpha", "edge"), newNode(t, "beta", "edge")
	doc, err := wire.EncodeHostReport(&a.report)
	w.put(b.signer, buckets.Hosts(), string(a.report.ID), doc, err)
	w.put(b.signer, buckets.Hosts(), string(b.report.ID), doc, err)
	doc, err = wire.EncodeConfig(lattice.Config{"a": "1"})
	w.put(b.signer, buckets.Config(), "settings", doc, err)
	link := lattice.Link{Source: "shop", Target: "redis", Name: "default", Namespace: "wasi", Package: "keyvalue", Interfaces: []string{"store"}}
	doc, err = wire.EncodeLink(&link)
	w.put(w.scheduler, buckets.Links(), "cart.wasi.keyvalue.default", doc, err)
	for _, kind := range []string{"hosts", "config", "links"} {
		w.want(kind)
	}
	slices.Sort(w.refused)
	want := []string{
		buckets.Config() + " settings",
		buckets.Hosts() + " " + string(a.report.ID), buckets.Hosts() + " " + string(b.report.ID),
		buckets.Links() + " cart.wasi.keyvalue.default",
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, w.refused); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
}

// TestWatch follows a host until it is gone.
func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.l.Close()
		n := newNode(t, "alpha", "edge")
		w.report(n)
		kind := inventory.KindOf("hosts")
		var states []string
		done := make(chan error, 1)
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			done <- w.source.Watch(ctx, kind, func(inv *inventory.Inventory) error {
				state := "gone"
				for _, r := range kind.Rows(inv, time.Now()) {
					state, _, _ = strings.Cut(r.Cells[3], " since")
				}
				if len(states) == 0 || states[len(states)-1] != state {
					states = append(states, state)
				}
				return nil
			})
		}()
		time.Sleep(time.Second) // of the bubble, as below
		n.report.State = lattice.HostCordoned
		w.report(n)
		time.Sleep(10 * time.Second)
		w.delete(buckets.Hosts(), string(n.report.ID))
		time.Sleep(time.Second)
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Watch: %v", err)
		}
		if diff := cmp.Diff([]string{"ready", "cordoned", "unreachable", "gone"}, states); diff != "" {
			t.Errorf("states (-want +got):\n%s", diff)
		}
	})
}

func TestNoScheduler(t *testing.T) {
	l, err := memlattice.New(memlattice.Options{}).Join("operator")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := &inventory.Source{Lattice: l, Name: "default"}
	_, err = s.Load(t.Context(), inventory.KindOf("hosts"))
	if !errors.Is(err, lattice.ErrNotFound) || !strings.Contains(err.Error(), "wattle up") {
		t.Errorf("without buckets: %v", err)
	}
}

func TestKindOf(t *testing.T) {
	for _, k := range inventory.Kinds() {
		if inventory.KindOf(k.Name).Name != k.Name || inventory.KindOf(k.Singular).Name != k.Name {
			t.Errorf("%q or %q is not found", k.Name, k.Singular)
		}
		for _, c := range k.Columns {
			if c.Name != show.Text(strings.ToUpper(c.Name)) {
				t.Errorf("column %q of %q", c.Name, k.Name)
			}
		}
	}
	if inventory.KindOf("nodes") != nil {
		t.Error("there are nodes")
	}
}
