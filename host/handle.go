package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi"
	wasihttp "github.com/wattle-dev/wattle/host/wasi/http"
	"github.com/wattle-dev/wattle/providers/httpclient"
)

// over is a context that has ended.
var over = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// request is a request with the instance that answers it.
type request struct {
	guest
	w http.ResponseWriter
	r *http.Request
}

// handle answers a request with an instance of its own. It returns the exchange
// to be closed, or nil.
func (s *Server) handle(ctx context.Context, w http.ResponseWriter, r *http.Request) *wasihttp.Exchange {
	q := &request{w: w, r: r}
	q.init(s)
	defer q.end()
	started := time.Now()
	ex, callErr, sendErr := q.run(ctx)
	if q.log.Enabled(ctx, slog.LevelDebug) {
		q.log.DebugContext(ctx, "request served", "took", time.Since(started))
	}
	switch {
	case sendErr == nil && callErr != nil:
		// The client has its whole response; the fault came after it.
		q.report(ctx, callErr)
	case callErr != nil:
		q.fail(ctx, callErr, ex)
	case sendErr != nil:
		q.fail(ctx, sendErr, ex)
	}
	return ex
}

// run makes the instance and calls it. It returns the exchange, unless it did
// not come to that, what the call ended with and what became of the response.
func (q *request) run(ctx context.Context) (ex *wasihttp.Exchange, callErr, sendErr error) {
	s := q.server
	state := wasi.NewState(q.options(httpclient.Hops(q.r.Header)))
	defer func() { _ = state.Close() }() // it ends what the guest left open
	inst, err := s.comp.Instantiate(ctx, state, s.opts.Limits)
	if err != nil {
		q.drain(ctx, state)
		return nil, fmt.Errorf("start instance: %w", err), wasihttp.ErrNoResponse
	}
	defer inst.Close()
	handle, err := inst.Func(s.handler, "handle")
	if err != nil {
		return nil, err, wasihttp.ErrNoResponse
	}
	ex = wasihttp.NewExchange(state.HTTP(), q.w, q.r)
	callErr = handle.CallHandles(ctx, ex.Handles()...)
	inst.Close() // its memory need not wait for the client
	sendErr = ex.Finish(ctx)
	q.drain(ctx, state)
	if limit := ex.TooLong(); limit != nil { // whatever the guest made of it
		if callErr != nil {
			callErr = errors.Join(limit, callErr)
		}
		if sendErr != nil {
			sendErr = errors.Join(limit, sendErr)
		}
	}
	return ex, callErr, sendErr
}

// fail answers, or aborts, a request that went wrong.
func (q *request) fail(ctx context.Context, err error, ex *wasihttp.Exchange) {
	m := &q.server.metrics
	var client *wasihttp.ClientError
	// A write that was ended because time ran out ends the client's context too.
	if !timedOut(ctx) && (q.r.Context().Err() != nil || errors.As(err, &client)) {
		m.ClientGone.Add(1)
		q.log.DebugContext(ctx, "client has gone", "error", err)
		panic(http.ErrAbortHandler)
	}
	q.report(ctx, err)
	if ex != nil && ex.Started() {
		m.Aborted.Add(1)
		panic(http.ErrAbortHandler)
	}
	status, reason := q.answer(ctx, err)
	m.Failed.Add(1)
	if q.server.opts.ShowErrors {
		reason += "\n\n" + q.explain(err)
	}
	http.Error(q.w, reason, status)
}

// timedOut reports whether the request took longer than Options.Timeout, or than
// whoever made it allows.
func timedOut(ctx context.Context) bool {
	return errors.Is(context.Cause(ctx), errTimeout) || errors.Is(ctx.Err(), context.DeadlineExceeded)
}

// answer returns what a client is told of an error.
func (q *request) answer(ctx context.Context, err error) (status int, reason string) {
	var answered *wasihttp.ResponseError
	var limit *component.LimitError
	switch {
	case timedOut(ctx):
		return http.StatusGatewayTimeout, "the component took too long"
	case errors.As(err, &limit) && limit.Name == LimitRequest:
		return http.StatusRequestEntityTooLarge, "the request has more than " + strconv.FormatUint(limit.Max, 10) + " bytes"
	case errors.As(err, &limit):
		return http.StatusBadGateway, "the component exceeded its limit of " + limit.Name
	case errors.As(err, &answered):
		return answered.Status(), "the component answered with an error"
	}
	return http.StatusBadGateway, "the component failed"
}

// report logs and counts what went wrong in the guest.
func (q *request) report(ctx context.Context, err error) {
	q.log.WarnContext(ctx, "request failed", append(q.fault(ctx, err), "method", q.r.Method, "path", q.r.URL.Path)...)
}

// explain returns what is known of an error as text.
func (q *request) explain(err error) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v\n", err)
	if trap, ok := errors.AsType[*component.Trap](err); ok {
		b.WriteString(trap.Backtrace())
	}
	if lines := q.tail.String(); lines != "" {
		fmt.Fprintf(&b, "\nstandard error ends with:\n%s", lines)
	}
	return b.String()
}
