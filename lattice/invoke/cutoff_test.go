package invoke_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wattle-dev/wattle/lattice/invoke"
	"github.com/wattle-dev/wattle/lattice/memlattice"
)

// TestCutOffIsLogged has responses end that have begun: the client sees that its
// connection ends, and only the log can say why.
func TestCutOffIsLogged(t *testing.T) {
	for name, test := range map[string]struct {
		fault func(n *memlattice.Network)
		http  func(w http.ResponseWriter, r *http.Request)
		want  string
	}{
		"the host is silent": {
			fault: func(n *memlattice.Network) {
				n.SetRules(memlattice.Rule{From: "host", Faults: memlattice.Faults{Drop: 1}})
			},
			http: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
			want: "no answer for 5s",
		},
		"the guest fails": {
			fault: func(*memlattice.Network) {},
			http:  func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			want:  "the response was cut off",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := memlattice.New(memlattice.Options{})
				s := serve(t, join(t, n, "host"), hostID(0), &handler{http: func(w http.ResponseWriter, r *http.Request) {
					_, _ = w.Write([]byte("begun"))
					_ = http.NewResponseController(w).Flush()
					<-time.After(time.Second)
					test.http(w, r)
				}}, nil)
				var log bytes.Buffer
				c := dial(t, join(t, n, "caller"), &invoke.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
				time.AfterFunc(500*time.Millisecond, func() { test.fault(n) })
				r := invoke.NewRouter(c, fixed{hostID(0)}, nil, "")
				panicked := func() (v any) {
					defer func() { v = recover() }()
					return r.HTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil), call("c"))
				}()
				if panicked != any(http.ErrAbortHandler) {
					t.Errorf("it ends with %v, want http.ErrAbortHandler", panicked)
				}
				for _, want := range []string{"level=WARN", "component=c", fmt.Sprint("peer=", hostID(0)), test.want} {
					if got := log.String(); !strings.Contains(got, want) {
						t.Errorf("the log is %q, want %q in it", got, want)
					}
				}
				c.Close()
				_ = s.Close()
			})
		})
	}
}

// TestCutOffHostIsPassedBy has a host fall silent in the middle of a response.
func TestCutOffHostIsPassedBy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hs := newHosts(t, 2, nil)
		defer hs.close()
		hs.handlers[0].http = func(w http.ResponseWriter, r *http.Request) {
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}
		lost := memlattice.Faults{Drop: 1}
		time.AfterFunc(time.Second, func() {
			hs.network.SetRules(memlattice.Rule{From: "host0", Faults: lost}, memlattice.Rule{To: "host0", Faults: lost})
		})
		cut := 0
		for range 50 {
			func() {
				defer func() {
					if recover() != nil {
						cut++
					}
				}()
				_ = hs.router.HTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil), call("c"))
			}()
		}
		if cut != 1 {
			t.Errorf("%d of 50 responses were cut off, want one", cut)
		}
	})
}
