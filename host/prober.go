package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/wit"
)

// Defaults of probes.
const (
	DefaultProbeInterval = 2 * time.Second
	DefaultProbeTimeout  = time.Second
	DefaultProbeFailures = 3
)

// probeCaller is who calls in a probe.
const probeCaller lattice.Caller = "probe"

// ErrNoProbe is why a component cannot be probed: it does not export what the probe
// calls, or that takes arguments.
var ErrNoProbe = errors.New("the component cannot be probed")

// Prober asks a component whether it can be called, as a lattice.Probe says. A probe
// has an instance of its own, beside those of Options.MaxConcurrent: so it waits for
// no call, no call waits for it, and a component that is busy is not taken for one
// that is ill. It counts in no Metrics, and nothing of it is logged but what the
// component writes.
type Prober struct {
	target *Target // with limits and counters that are not those of calls
	inv    lattice.Invocation
	path   string // of the request, or empty
	time   time.Duration
}

// NewProber returns what probes a target. The error is ErrNoProbe if that cannot come
// to anything. Close ends it, before the component is closed.
func NewProber(t *Target, p *lattice.Probe) (*Prober, error) {
	opts := t.s.opts
	opts.MaxConcurrent, opts.MaxQueue = 1, -1
	opts.Timeout = min(opts.Timeout, millis(p.TimeoutMillis, DefaultProbeTimeout))
	opts.ShowErrors, opts.Logger = true, slog.New(slog.DiscardHandler)
	probe := &Prober{
		target: &Target{s: newServer(t.s.comp, &opts), exported: t.exported, tracks: t.tracks},
		inv:    lattice.Invocation{Target: lattice.ComponentID(opts.Name), Callers: []lattice.Caller{probeCaller}, Depth: lattice.DefaultDepth},
		path:   p.HTTPPath, time: opts.Timeout,
	}
	probe.target.s.supply = t.s.supply // whatever it is given by then
	if p.HTTPPath != "" {
		probe.inv.Interface, probe.inv.Function = probe.target.s.handler, "handle"
		if !t.ServesHTTP() {
			return nil, fmt.Errorf("%w: it does not export %s", ErrNoProbe, handlerExport)
		}
		if _, err := probe.request(context.Background()); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNoProbe, err)
		}
		return probe, nil
	}
	probe.inv.Interface, probe.inv.Function = p.Split()
	switch fn, err := probe.target.Func(&probe.inv); {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrNoProbe, err)
	case len(fn.Params) > 0:
		return nil, fmt.Errorf("%w: the function %q takes arguments", ErrNoProbe, p.Function)
	}
	return probe, nil
}

// millis is a time in milliseconds, or a default if it is zero.
func millis(n int64, otherwise time.Duration) time.Duration {
	if n == 0 {
		return otherwise
	}
	return time.Duration(n) * time.Millisecond
}

// Supply has probes be given something else than the target's calls are: see
// Target.Supply. It is called before the first probe.
func (p *Prober) Supply(o wasi.Options) { p.target.s.supply = newSupply(o) }

// Close waits until a probe that is under way has ended, or ctx ends.
func (p *Prober) Close(ctx context.Context) error { return p.target.Shutdown(ctx) }

// Probe asks once. The error says what is bad; it is context.DeadlineExceeded if the
// component took too long.
func (p *Prober) Probe(ctx context.Context) error {
	if p.path != "" {
		return p.get(ctx)
	}
	results, err := p.target.Call(ctx, &p.inv, nil, nil)
	if err != nil {
		return err
	}
	for _, v := range results {
		switch v := v.(type) {
		case bool:
			if !v {
				return fmt.Errorf("%s returned false", p.inv.Function)
			}
		case wit.ResultValue:
			if v.Failed {
				return fmt.Errorf("%s returned an error: %.200v", p.inv.Function, v.Value)
			}
		}
	}
	return nil
}

func (p *Prober) request(ctx context.Context) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost"+p.path, http.NoBody)
	if err != nil {
		return nil, err
	}
	r.RequestURI = p.path
	r.Header.Set("User-Agent", "wattle-probe")
	return r, nil
}

// get requests the path.
func (p *Prober) get(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, p.time)
	defer cancel()
	r, err := p.request(ctx)
	if err != nil {
		return err
	}
	w := &probeAnswer{header: http.Header{}, status: http.StatusOK}
	cut, err := p.serve(w, r)
	switch {
	case err != nil:
		return err
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("GET %s: %w after %v", p.path, ctx.Err(), p.time)
	case w.status >= 400 || w.status < 200:
		text := fmt.Sprintf("GET %s: %d %s", p.path, w.status, http.StatusText(w.status))
		if said := strings.TrimSpace(w.body.String()); said != "" {
			text += ": " + said
		}
		return errors.New(text)
	case cut:
		return fmt.Errorf("GET %s: the response was cut off", p.path)
	}
	return nil
}

// serve has the component answer, and reports whether the response was cut off.
func (p *Prober) serve(w http.ResponseWriter, r *http.Request) (cut bool, err error) {
	defer func() {
		switch v := recover(); v {
		case nil:
		case http.ErrAbortHandler:
			cut = true
		default:
			panic(v)
		}
	}()
	return false, p.target.HTTP(w, r, &p.inv)
}

// maxAnswer is how much of a response to a probe is kept, for the reason.
const maxAnswer = 512

// probeAnswer is a response of which the beginning is kept.
type probeAnswer struct {
	header http.Header
	status int
	began  bool
	body   strings.Builder
}

func (w *probeAnswer) Header() http.Header { return w.header }

func (w *probeAnswer) WriteHeader(status int) {
	if !w.began && status >= 200 { // others are not the last
		w.status, w.began = status, true
	}
}

func (w *probeAnswer) Write(b []byte) (int, error) {
	w.began = true
	w.body.Write(b[:min(len(b), maxAnswer-w.body.Len())])
	return len(b), nil
}
