package http

import (
	"context"
	"errors"
	nethttp "net/http"
	"sync"

	"github.com/wattle-dev/wattle/host/component"
	wasiio "github.com/wattle-dev/wattle/host/wasi/io"
	"github.com/wattle-dev/wattle/providers/httpclient"
)

// Handle implements outgoing-handler.handle.
func (s *State) Handle(c *component.Call, r *OutgoingRequest, opts component.Option[*RequestOptions]) (*FutureIncomingResponse, error) {
	return s.handle(c.Context(), r, opts.Value)
}

// handle starts a request with options that may be nil.
func (s *State) handle(ctx context.Context, r *OutgoingRequest, opts *RequestOptions) (*FutureIncomingResponse, error) {
	req, err := r.request()
	if err == nil {
		err = s.opts.Client.Check(req.Method, req.URL)
	}
	if err != nil {
		r.header.release()
		if r.body != nil {
			r.body.pipe.CloseRead(nil)
		}
		if _, ok := errors.AsType[*httpclient.DeniedError](err); ok {
			s.refused(ctx, err)
		}
		return nil, errorCode(err)
	}
	r.header.sent()
	if r.body != nil {
		r.body.sending = true
	}
	return s.send(ctx, req, opts.timeouts()), nil
}

// outgoing is a request of the guest under way.
type outgoing struct {
	state  *State
	cancel context.CancelCauseFunc
	done   wasiio.Flag

	mu        sync.Mutex
	resp      *nethttp.Response // with err, set before done is
	err       error
	abandoned bool
}

// send starts a request. It ends with the guest's call at the latest.
func (s *State) send(ctx context.Context, req *nethttp.Request, timeouts httpclient.Timeouts) *FutureIncomingResponse {
	o := &outgoing{state: s}
	reqCtx, cancel := context.WithCancelCause(ctx)
	o.cancel = cancel
	if err := s.add(o); err != nil {
		cancel(err)
		_ = req.Body.Close()
		s.refused(ctx, err)
		o.err = err
		o.done.Set()
		return &FutureIncomingResponse{out: o}
	}
	s.tasks.Go(func() {
		resp, err := s.opts.Client.Do(req.WithContext(reqCtx), timeouts, s.opts.Hops)
		if err != nil {
			o.end()
			s.reportRefusal(ctx, err)
		}
		o.mu.Lock()
		o.resp, o.err = resp, err
		abandoned := o.abandoned
		o.mu.Unlock()
		if abandoned && resp != nil {
			_ = resp.Body.Close()
			o.end()
		}
		o.done.Set()
	})
	return &FutureIncomingResponse{out: o}
}

// reportRefusal logs an error that the operator may want to do something about.
func (s *State) reportRefusal(ctx context.Context, err error) {
	_, address := errors.AsType[*httpclient.AddressError](err)
	_, loop := errors.AsType[*httpclient.LoopError](err)
	_, limit := errors.AsType[*httpclient.LimitError](err)
	if address || loop || limit {
		s.refused(ctx, err)
	}
}

// end frees what the request occupies, once its response is closed or has failed.
func (o *outgoing) end() {
	o.cancel(context.Canceled)
	o.state.remove(o)
}

// abandon ends a request whose response nobody will take.
func (o *outgoing) abandon() {
	o.cancel(context.Canceled)
	o.mu.Lock()
	o.abandoned = true
	resp := o.resp
	o.mu.Unlock()
	if resp != nil {
		_ = resp.Body.Close()
		o.end()
	}
}

// Close implements io.Closer for the response's body, beside Read.
func (b responseBody) Close() error {
	defer b.out.end()
	return b.ReadCloser.Close()
}

// FutureIncomingResponse is the resource future-incoming-response.
type FutureIncomingResponse struct {
	out   *outgoing
	taken bool
}

// Drop implements component.Dropper.
func (f *FutureIncomingResponse) Drop(context.Context) {
	if !f.taken {
		f.out.abandon()
	}
}

// Subscribe implements [method]future-incoming-response.subscribe.
func (f *FutureIncomingResponse) Subscribe(*component.Call) (*wasiio.Pollable, error) {
	return wasiio.NewPollable(&f.out.done), nil
}

// responseResult is the inner result of future-incoming-response.get.
type responseResult = component.Result[*IncomingResponse, ErrorCode]

// Get implements [method]future-incoming-response.get.
func (f *FutureIncomingResponse) Get(*component.Call) (component.Option[component.Result[responseResult, struct{}]], error) {
	type result = component.Result[responseResult, struct{}]
	switch {
	case !f.out.done.Ready():
		return component.Option[result]{}, nil
	case f.taken:
		return component.Some(result{Failed: true}), nil
	}
	f.taken = true
	var r responseResult
	if f.out.err != nil {
		r.Failed, r.Err = true, *errorCode(f.out.err)
	} else {
		r.OK = newIncomingResponse(f.out)
	}
	return component.Some(result{OK: r}), nil
}
