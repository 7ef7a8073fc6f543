package invoke_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/invoke"
	"github.com/wattle-dev/wattle/wit"
)

func TestCall(t *testing.T) {
	h := &handler{}
	p := newPair(t, h, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for _, size := range []int{0, 1, 64 << 10, 64<<10 - 3, 128 << 10, 3 << 20} {
		text := strings.Repeat("x", size)
		got, err := p.echo(ctx, text)
		if err != nil || got != text {
			t.Fatalf("%d bytes: %d bytes came back, error %v", size, len(got), err)
		}
	}
	if diff := cmp.Diff(call("c"), h.last); diff != "" {
		t.Errorf("invocation (-sent +received):\n%s", diff)
	}
}

func TestCallErrors(t *testing.T) {
	for _, code := range lattice.Codes() {
		t.Run(string(code), func(t *testing.T) {
			h := &handler{call: func(context.Context, *lattice.Invocation, string) (string, error) {
				return "", &lattice.Error{Code: code, Message: "because"}
			}}
			p := newPair(t, h, nil)
			_, err := p.echo(t.Context(), "x")
			want := &lattice.Error{Code: code, Message: "because", Host: p.host}
			if diff := cmp.Diff(error(want), err); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if !errors.Is(err, code.Sentinel()) {
				t.Errorf("%v is not %v", err, code.Sentinel())
			}
		})
	}
}

func TestCallRefused(t *testing.T) {
	h := &handler{}
	p := newPair(t, h, &invoke.Options{MaxValue: 1 << 10})
	other := *echo
	other.Params = []wit.Field{{Name: "text", Type: &wit.Type{Kind: wit.U8}}}
	unknown := call("c")
	unknown.Function = "none"
	for _, test := range []struct {
		name string
		host lattice.HostID
		inv  *lattice.Invocation
		fn   *wit.Func
		arg  wit.Value
		want lattice.Code
	}{
		{"other type", p.host, call("c"), &other, uint8(1), lattice.CodeInvalid},
		{"wrong value", p.host, call("c"), echo, uint8(1), lattice.CodeInvalid},
		{"no such function", p.host, unknown, echo, "x", lattice.CodeNotFound},
		{"too large", p.host, call("c"), echo, strings.Repeat("x", 1<<10), lattice.CodeExhausted},
		{"nobody", hostID(9), call("c"), echo, "x", lattice.CodeUnavailable},
		{"bad target", p.host, call("not a name"), echo, "x", lattice.CodeInvalid},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := p.client.Call(t.Context(), test.host, test.inv, test.fn, []wit.Value{test.arg})
			if lattice.CodeOf(err) != test.want || !lattice.Undelivered(err) {
				t.Errorf("error %v (%s, undelivered %v), want %s and undelivered", err, lattice.CodeOf(err), lattice.Undelivered(err), test.want)
			}
		})
	}
	if n := h.calls.Load(); n != 0 {
		t.Errorf("the handler was called %d times", n)
	}
}

func TestDeadlineAndCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		h := &handler{call: func(ctx context.Context, _ *lattice.Invocation, _ string) (string, error) {
			if _, ok := ctx.Deadline(); !ok {
				t.Error("the handler's context has no deadline")
			}
			<-ctx.Done()
			ended <- ctx.Err()
			return "", ctx.Err()
		}}
		p := newPair(t, h, nil)
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		_, err := p.echo(ctx, "x")
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 30*time.Second || lattice.Undelivered(err) {
			t.Errorf("error %v after %v", err, time.Since(start))
		}
		if err := <-ended; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the handler's context ended with %v", err)
		}
		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		start = time.Now()
		if _, err := p.echo(ctx, "x"); !errors.Is(err, context.Canceled) || time.Since(start) != time.Second {
			t.Errorf("error %v after %v", err, time.Since(start))
		}
		<-ended
		if took := time.Since(start); took != time.Second {
			t.Errorf("the handler was cancelled after %v", took)
		}
		p.server.Close()
		p.client.Close()
	})
}
