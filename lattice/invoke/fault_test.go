package invoke_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/invoke"
	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/wit"
)

// world is a caller and a host whose network has faults by chance.
type world struct {
	t       *testing.T
	rng     *rand.Rand
	network *memlattice.Network
	client  *invoke.Client
	mu      sync.Mutex
	ran     map[string]int
	got     map[string]int
}

// chance returns a number below n by chance.
func (w *world) chance(n int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rng.IntN(n)
}

// millis returns a time of less than n milliseconds by chance.
func (w *world) millis(n int) time.Duration { return time.Duration(w.chance(n)) * time.Millisecond }

// faults has the network be bad for a while, then good again.
func (w *world) faults(quiet time.Duration) {
	for range 1 + w.chance(4) {
		w.network.SetRules(memlattice.Rule{Faults: memlattice.Faults{
			Drop: float64(w.chance(40)) / 100, Duplicate: float64(w.chance(40)) / 100,
			Delay: w.millis(20), Jitter: w.millis([]int{300, 3000}[w.chance(2)]) + 1, Reorder: w.chance(2) == 0,
		}})
		user := []string{"host", "caller"}[w.chance(2)]
		switch w.chance(4) {
		case 0:
			w.network.Sever(user)
			time.AfterFunc(w.millis(4000), func() { w.network.Restore(user) })
		case 1:
			w.network.Partition([]string{"caller"}, []string{"host"})
			time.AfterFunc(w.millis(4000), w.network.Heal)
		}
		<-time.After(w.millis(3000))
	}
	w.network.SetRules()
	w.network.Heal()
	w.network.Restore("host")
	w.network.Restore("caller")
	<-time.After(quiet)
}

// body is what the call of a name sends: different bytes at every place.
func body(name string, size int) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "%s/%d;", name, i)
	}
	return b.String()
}

func (w *world) oneCall(name string, size int, deadline time.Duration) {
	text := body(name, size)
	ctx, cancel := context.WithTimeout(w.t.Context(), deadline)
	defer cancel()
	start := time.Now()
	results, err := w.client.Call(ctx, hostID(0), call("c"), echo, []wit.Value{name + "|" + text})
	if took := time.Since(start); took > deadline {
		w.t.Errorf("call %s took %v, its deadline was %v", name, took, deadline)
	}
	<-time.After(20 * time.Second) // what is on its way arrives
	w.mu.Lock()
	defer w.mu.Unlock()
	switch n := w.ran[name]; {
	case n > 1:
		w.t.Errorf("call %s was carried out %d times", name, n)
	case err == nil && n != 1:
		w.t.Errorf("call %s has a result and was not carried out", name)
	case err != nil && lattice.Undelivered(err) && n != 0:
		w.t.Errorf("call %s was carried out, and its error says that it was not: %v", name, err)
	case err == nil && results[0] != strings.ToUpper(name+"|"+text):
		w.t.Errorf("call %s has a wrong result", name)
	case err == nil:
		w.got["ok"]++
	default:
		w.got[string(lattice.CodeOf(err))]++
	}
}

func (w *world) oneRequest(name string, size int, deadline time.Duration) {
	text := body(name, size)
	ctx, cancel := context.WithTimeout(w.t.Context(), deadline)
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/"+name, struct{ io.Reader }{strings.NewReader(text)})
	rec := httptest.NewRecorder()
	start := time.Now()
	var err error
	func() {
		defer func() {
			if v := recover(); v != nil {
				err = errors.New("cut off")
			}
		}()
		err = w.client.HTTP(rec, r, hostID(0), call("c"))
	}()
	if took := time.Since(start); took > deadline {
		w.t.Errorf("request %s took %v, its deadline was %v", name, took, deadline)
	}
	<-time.After(20 * time.Second)
	w.mu.Lock()
	defer w.mu.Unlock()
	got, want := rec.Body.String(), strings.ToUpper(text)
	switch n := w.ran[name]; {
	case n > 1:
		w.t.Errorf("request %s was carried out %d times", name, n)
	case err != nil && lattice.Undelivered(err) && n != 0:
		w.t.Errorf("request %s was carried out, and its error says that it was not: %v", name, err)
	case err == nil && n != 1:
		w.t.Errorf("request %s has a response and was not carried out", name)
	case err == nil && rec.Code == http.StatusOK && got != want:
		w.t.Errorf("request %s has %d bytes of response, want %d", name, len(got), len(want))
	case !strings.HasPrefix(want, got) && rec.Code == http.StatusOK:
		w.t.Errorf("request %s has a response that is no beginning of the right one", name)
	case err == nil && rec.Code == http.StatusOK:
		w.got["ok"]++
	default:
		w.got["failed"]++
	}
}

// TestFaults has calls and streams go through a network that drops, doubles, delays
// and reorders messages and loses connections, by seeds.
func TestFaults(t *testing.T) {
	total := map[string]int{}
	for seed := range uint64(20) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &world{t: t, rng: rand.New(rand.NewPCG(seed, 1)), ran: map[string]int{}, got: map[string]int{}}
				w.network = memlattice.New(memlattice.Options{Seed: seed})
				h := &handler{call: func(ctx context.Context, _ *lattice.Invocation, text string) (string, error) {
					name, _, _ := strings.Cut(text, "|")
					w.mu.Lock()
					w.ran[name]++
					w.mu.Unlock()
					select {
					case <-time.After(w.millis(2500)):
					case <-ctx.Done():
					}
					return strings.ToUpper(text), nil
				}, http: func(rw http.ResponseWriter, r *http.Request) {
					w.mu.Lock()
					w.ran[r.URL.Path[1:]]++
					w.mu.Unlock()
					buf := make([]byte, 10000)
					for {
						n, err := r.Body.Read(buf)
						if _, werr := rw.Write(bytes.ToUpper(buf[:n])); werr != nil {
							return
						}
						if err == io.EOF {
							return
						}
						if err != nil {
							panic(http.ErrAbortHandler)
						}
					}
				}}
				server := serve(t, join(t, w.network, "host"), hostID(0), h, nil)
				w.client = dial(t, join(t, w.network, "caller"), nil)
				var wg sync.WaitGroup
				wg.Go(func() { w.faults(30 * time.Second) })
				for i := range 40 {
					size := []int{10, 10, 1000, 70_000, 600_000}[i%5]
					wg.Go(func() {
						<-time.After(w.millis(8000))
						if i%2 == 0 {
							w.oneCall(fmt.Sprintf("c%d", i), size, 20*time.Second)
						} else {
							w.oneRequest(fmt.Sprintf("r%d", i), size, 20*time.Second)
						}
					})
				}
				wg.Wait()
				w.client.Close()
				_ = server.Close()
				for k, n := range w.got {
					total[k] += n
				}
			})
		})
	}
	t.Logf("calls: %v", total)
	if total["ok"] < 400 {
		t.Errorf("only %d of 800 calls went through", total["ok"])
	}
}
