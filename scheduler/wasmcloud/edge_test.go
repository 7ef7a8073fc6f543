package wasmcloud_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/trust/trusttest"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/wasmcloud"
)

// Of two edges one answers, and one publishes events.
func TestTwoEdges(t *testing.T) {
	overAll(t, func(t *testing.T, l *lab) {
		l.edge(&wasmcloud.Options{Heartbeat: time.Hour})
		l.edge(&wasmcloud.Options{Heartbeat: time.Hour})
		h := l.says("A", func(*lattice.HostReport) {})
		l.eventually("host", func() string {
			if got := l.ask("host.get."+string(h.id), ""); !strings.Contains(got, `"success":true`) {
				return got
			}
			return ""
		})
		for range 10 {
			g := l.send("link.get", nil)
			g.next()
			g.done()
		}
		for _, key := range []string{"a", "b"} {
			l.command(&control.PutConfig{Config: lattice.ConfigName(key), Values: lattice.Config{}})
		}
		// The last one is there when all before it are.
		seen := map[string]int{}
		for last := ""; !strings.Contains(last, `"config_name":"b"`); {
			select {
			case m := <-l.events:
				last = string(m.Data)
				if !strings.Contains(last, "host_heartbeat") {
					seen[m.Subject[strings.LastIndex(m.Subject, ".")+1:]]++
				}
			case <-time.After(patience):
				t.Fatalf("no event comes; so far %v", seen)
			}
		}
		if seen["host_started"] > 1 || seen["config_set"] != 2 {
			t.Errorf("events %v, want one of each change", seen)
		}
	})
}

// Hosts have heartbeats while they report, and no more when they do not. The lease
// goes to another edge when its holder has gone.
func TestHeartbeats(t *testing.T) {
	k := trusttest.Keyring(t)
	synctest.Test(t, func(t *testing.T) {
		n := memlattice.New(memlattice.Options{})
		l := newLab(t, k, func(c *trust.Creds) lattice.Lattice {
			m, err := n.Join(c.User())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { m.Close() })
			return m
		})
		stop := l.edge(&wasmcloud.Options{})
		h := l.says("A", func(r *lattice.HostReport) { r.Every = (10 * time.Second).Milliseconds() })
		beats := func() (n int) {
			for {
				synctest.Wait()
				select {
				case m := <-l.events:
					if strings.HasSuffix(m.Subject, ".host_heartbeat") {
						n++
						var e struct {
							Source string
							Data   struct {
								HostID     string `json:"host_id"`
								Components []any
								Providers  []any
							}
						}
						if err := json.Unmarshal(m.Data, &e); err != nil || e.Source != string(h.id) || e.Data.HostID != string(h.id) || e.Data.Components == nil || e.Data.Providers == nil {
							t.Errorf("heartbeat %s: %v", m.Data, err)
						}
					}
				default:
					return n
				}
			}
		}
		live := func(d time.Duration) {
			for range d / (10 * time.Second) {
				time.Sleep(10 * time.Second)
				l.says("A", func(*lattice.HostReport) {})
			}
		}
		live(time.Minute)
		if n := beats(); n < 2 || n > 3 {
			t.Errorf("%d heartbeats in a minute, want one each 30 seconds", n)
		}
		l.edge(&wasmcloud.Options{})
		live(time.Minute)
		if n := beats(); n != 2 {
			t.Errorf("%d heartbeats in a minute from two edges, want 2", n)
		}
		stop()
		live(time.Minute)
		beats()
		live(time.Minute)
		if n := beats(); n != 2 {
			t.Errorf("%d heartbeats in a minute after an edge has gone, want 2", n)
		}
		time.Sleep(time.Minute)
		beats()
		time.Sleep(time.Minute)
		if n := beats(); n != 0 {
			t.Errorf("%d heartbeats of a host that is silent", n)
		}
	})
}

// A file is put into the lattice if that is allowed.
func TestFileRefs(t *testing.T) {
	overAll(t, func(t *testing.T, l *lab) {
		l.edge(&wasmcloud.Options{AllowFileRefs: true, Heartbeat: time.Hour})
		h := l.says("A", func(*lattice.HostReport) {})
		l.command(&control.SetHostState{Host: h.id, State: lattice.HostReady})
		l.eventually("host", func() string {
			if got := l.ask("host.get."+string(h.id), ""); !strings.Contains(got, `"success":true`) {
				return got
			}
			return ""
		})
		file := filepath.Join(t.TempDir(), "c.wasm")
		if err := os.WriteFile(file, []byte("a binary"), 0o600); err != nil {
			t.Fatal(err)
		}
		body, err := json.Marshal(map[string]any{"component_ref": "file://" + file, "component_id": "c", "count": 1})
		if err != nil {
			t.Fatal(err)
		}
		if got := l.ask("component.scale."+string(h.id), string(body)); got != `{"success":true,"message":""}` {
			t.Fatalf("answer %s", got)
		}
		sum := sha256.Sum256([]byte("a binary"))
		objects, err := l.operator.Objects(t.Context(), l.buckets.Artifacts(), false)
		if err != nil {
			t.Fatal(err)
		}
		s := &transcript{t: t, l: l}
		l.eventually("desired", func() string {
			if got, want := s.desired("A"), "ready\nc 1 file://"+file+"\n"; got != want {
				return got
			}
			return ""
		})
		if has, err := objects.Has(t.Context(), hex.EncodeToString(sum[:])); err != nil || !has {
			t.Errorf("the binary is in the lattice: %v, %v", has, err)
		}
	})
}

// A mirror has nothing that was removed while no edge was there, and leaves what is
// not its own.
func TestMirrorAgain(t *testing.T) {
	overAll(t, func(t *testing.T, l *lab) {
		s := &transcript{t: t, l: l}
		stop := l.edge(&wasmcloud.Options{Heartbeat: time.Hour})
		l.command(&control.PutConfig{Config: "a", Values: lattice.Config{"k": "v"}})
		s.kv("written", "CONFIGDATA_default", "a", `{"k":"v"}`)
		stop()
		b, err := l.edges.Bucket(t.Context(), "CONFIGDATA_default")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Put(t.Context(), "foreign", []byte(`{}`)); err != nil {
			t.Fatal(err)
		}
		l.command(&control.DeleteConfig{Config: "a"})
		// The lease of the edge that ended need not be waited for.
		data, err := l.edges.Bucket(t.Context(), "LATTICEDATA_default")
		if err != nil {
			t.Fatal(err)
		}
		e, err := data.Get(t.Context(), "WATTLE_EDGE")
		if err != nil {
			t.Fatal(err)
		}
		freed := strings.Replace(string(e.Value), `"holder":"`, `"holder":"","was":"`, 1)
		if _, err := data.Put(t.Context(), "WATTLE_EDGE", []byte(freed)); err != nil {
			t.Fatal(err)
		}
		l.edge(&wasmcloud.Options{Heartbeat: time.Hour})
		s.kv("removed", "CONFIGDATA_default", "a", "")
		s.kv("not its own", "CONFIGDATA_default", "foreign", "{}")
	})
}
