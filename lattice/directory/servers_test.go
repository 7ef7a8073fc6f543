package directory_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/catalogue"
	"github.com/wattle-dev/wattle/lattice/directory"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// servers is a world with a catalogue.
type servers struct {
	*world
	c      *directory.Catalogue
	bucket lattice.Bucket
}

func withServers(t *testing.T, f func(w *servers)) {
	inWorld(t, func(w *world) {
		t := w.t
		member, err := w.network.Join("maker")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = member.Close() }()
		b, err := member.CreateBucket(t.Context(), lattice.BucketConfig{Name: w.names.Catalogue()})
		if err != nil {
			t.Fatal(err)
		}
		s := &servers{w, directory.NewCatalogue(w.d), b}
		changed := s.c.ServersChanged()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.c.Run(ctx) }()
		synctest.Wait()
		select {
		case <-changed:
		default:
			t.Error("nobody was told that the servers are known")
		}
		f(s)
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// server returns an assignment that is an MCP server.
func server(name string, index uint64, version int, hosts ...lattice.HostID) *lattice.Assignment {
	a := assignment(name, index, version, hosts...)
	a.MCP = &lattice.MCP{Name: lattice.ServerName(name), Alias: name}
	return a
}

// list has a host say that a component offers some tools.
func (s *servers) list(who, h lattice.HostID, c string, version int, tools ...string) {
	s.t.Helper()
	l := &catalogue.Listing{Component: lattice.ComponentID(c), Host: h, Digest: digest(version), Revision: uint64(version)}
	for _, name := range tools {
		l.Tools = append(l.Tools, json.RawMessage(fmt.Sprintf(`{"name":%q,"inputSchema":{"type":"object"}}`, name)))
	}
	value, err := catalogue.Encode(l)
	s.put(s.bucket, string(who), s.names.Catalogue(), wire.ReadyKey(h, l.Component), value, err)
}

// want looks which tools a server has, nil if it has no listing.
func (s *servers) want(name string, tools ...string) *directory.Server {
	s.t.Helper()
	server := s.c.Servers().Get(lattice.ServerName(name))
	if server == nil {
		s.t.Fatalf("there is no server %q", name)
	}
	var got []string
	if server.Listing != nil {
		for _, raw := range server.Listing.Tools {
			var tool struct{ Name string }
			if err := json.Unmarshal(raw, &tool); err != nil {
				s.t.Error(err)
			}
			got = append(got, tool.Name)
		}
	}
	if !slices.Equal(got, tools) {
		s.t.Errorf("server %q has the tools %q, want %q", name, got, tools)
	}
	return server
}

func TestServers(t *testing.T) {
	withServers(t, func(w *servers) {
		if len(w.c.All()) > 0 {
			t.Errorf("servers of nothing: %+v", w.c.All())
		}
		w.assign("scheduler", server("b", 1, 1, host(1), host(2)))
		w.assign("scheduler", server("a", 1, 1, host(1)))
		w.assign("scheduler", assignment("none", 1, 1, host(1)))
		if all := w.c.All(); len(all) != 2 || all[0].MCP.Name != "a" || all[1].MCP.Name != "b" {
			t.Fatalf("servers: %+v", all)
		}
		w.want("b")
		changed := w.c.ServersChanged()
		w.list(host(2), host(2), "b", 1, "t", "u")
		select {
		case <-changed:
		default:
			t.Error("nobody was told of the change")
		}
		first := w.want("b", "t", "u")
		// Another host that says the same, and its word that it is ready, are no other
		// listing.
		w.list(host(1), host(1), "b", 1, "t", "u")
		w.setReady(host(1), readyOf("b", 1, host(1)))
		w.assign("scheduler", server("b", 2, 1, host(1), host(2), host(3)))
		again := w.want("b", "t", "u")
		if again.Listing != first.Listing || again.MCP != first.MCP {
			t.Error("what is the same has another pointer")
		}
		if !slices.Equal(again.Hosts, []lattice.HostID{host(1)}) || again.Assigned != 3 {
			t.Errorf("hosts %v of %d", again.Hosts, again.Assigned)
		}
		a := w.c.Servers().Get("a")
		changes := server("b", 3, 1, host(1))
		changes.MCP.Deny = []string{"t"}
		w.assign("scheduler", changes)
		if s := w.want("b", "t", "u"); s.MCP == first.MCP || s.MCP.Deny[0] != "t" {
			t.Errorf("its declaration is %+v", s.MCP)
		}
		if w.c.Servers().Get("a") != a {
			t.Error("a server that did not change has another pointer")
		}
		if err := w.components.Delete(w.t.Context(), "b"); err != nil {
			t.Fatal(err)
		}
		w.assign("scheduler", assignment("a", 2, 1, host(1)))
		if all := w.c.All(); len(all) != 0 {
			t.Errorf("servers that are none any more: %+v", all)
		}
	})
}

// A listing counts if its host signed it, and was told to run what was asked.
func TestListingsThatCount(t *testing.T) {
	withServers(t, func(w *servers) {
		w.assign("scheduler", server("s", 1, 1, host(1), host(2)))
		w.list(host(3), host(3), "s", 1, "stranger")
		w.list(host(3), host(2), "s", 1, "forged")
		w.list(host(2), host(2), "s", 9, "other-digest")
		w.want("s")
		if _, err := w.bucket.Put(w.t.Context(), wire.ReadyKey(host(1), "s"), seal(string(host(1)), w.names.Catalogue(), wire.ReadyKey(host(1), "s"), []byte(`{}`))); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		w.want("s")
		w.list(host(2), host(2), "s", 1, "good")
		w.want("s", "good")
		// The first host goes before others.
		w.list(host(1), host(1), "s", 1, "first")
		w.want("s", "first")
		// Of variants the newest one counts, as soon as somebody has it.
		update := server("s", 2, 1, host(1))
		update.Variants = append(update.Variants, variant(2, 0, host(2)))
		w.assign("scheduler", update)
		w.want("s", "first")
		w.list(host(2), host(2), "s", 2, "newer")
		w.want("s", "newer")
		// What a host said last stays while it is away.
		for _, h := range []lattice.HostID{host(1), host(2)} {
			if err := w.bucket.Delete(w.t.Context(), wire.ReadyKey(h, "s")); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		w.want("s", "newer")
		w.assign("scheduler", server("s", 3, 2, host(4)))
		w.want("s", "newer")
		w.list(host(4), host(4), "s", 2, "moved")
		w.want("s", "moved")
	})
}

// Of two servers of a name, the component that is first in order has it.
func TestServersOfOneName(t *testing.T) {
	withServers(t, func(w *servers) {
		for _, c := range []string{"z", "x", "y"} {
			a := server(c, 1, 1, host(1))
			a.MCP.Name = "same"
			w.assign("scheduler", a)
		}
		if all := w.c.All(); len(all) != 1 || all[0].Component != "x" {
			t.Errorf("servers: %+v", all)
		}
	})
}

// A bucket that is lost, and a connection, take no server away.
func TestServersOutliveTheConnection(t *testing.T) {
	withServers(t, func(w *servers) {
		w.assign("scheduler", server("s", 1, 1, host(1)))
		w.list(host(1), host(1), "s", 1, "tool")
		w.network.Sever("reader")
		synctest.Wait()
		w.want("s", "tool")
		w.network.Restore("reader")
		synctest.Wait()
		w.want("s", "tool")
		w.list(host(1), host(1), "s", 1, "tool", "tool2")
		synctest.Wait()
		w.want("s", "tool", "tool2")
	})
}

// TestRandomServers has components come, go and change their names, some of which are the
// same, and compares with what ought to be there.
func TestRandomServers(t *testing.T) {
	withServers(t, func(w *servers) {
		rng := rand.New(rand.NewPCG(1, 2))
		want := map[string]string{} // the name of each component
		for i := range 300 {
			c := string(rune('a' + rng.IntN(8)))
			switch rng.IntN(4) {
			case 0:
				delete(want, c)
				w.assign("scheduler", assignment(c, uint64(i+1), 1, host(1)))
			default:
				a := server(c, uint64(i+1), 1, host(1))
				a.MCP.Name = lattice.ServerName(rune('p' + rng.IntN(4)))
				want[c] = string(a.MCP.Name)
				w.assign("scheduler", a)
			}
			first := map[string]string{} // the component of each name
			for _, c := range slices.Sorted(maps.Keys(want)) {
				if _, taken := first[want[c]]; !taken {
					first[want[c]] = c
				}
			}
			var have []string
			for _, s := range w.c.All() {
				have = append(have, string(s.MCP.Name)+" "+string(s.Component))
				if w.c.Servers().Get(s.MCP.Name) != s {
					t.Fatalf("step %d: Get(%q) is another server", i, s.MCP.Name)
				}
			}
			var wanted []string
			for _, name := range slices.Sorted(maps.Keys(first)) {
				wanted = append(wanted, name+" "+first[name])
			}
			if !slices.Equal(have, wanted) {
				t.Fatalf("step %d: servers %q, want %q", i, have, wanted)
			}
		}
		if w.c.Servers().Get("zz") != nil || w.c.Servers().Get("") != nil {
			t.Error("there is a server that there is not")
		}
	})
}
