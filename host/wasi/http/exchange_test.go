package http

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wattle-dev/wattle/host/component"
	wasiio "github.com/wattle-dev/wattle/host/wasi/io"
)

// guest is what a test does in place of a component.
type guest func(t *testing.T, s *State, e *Exchange)

// outcome is what became of an exchange.
type outcome struct {
	err     error
	started bool
}

// serveGuest serves requests with a guest. Outcomes are in the channel.
func serveGuest(t *testing.T, opts Options, g guest) (*httptest.Server, <-chan outcome) {
	t.Helper()
	outcomes := make(chan outcome, 100)
	return serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		s := NewState(opts)
		e := NewExchange(s, w, r)
		g(t, s, e)
		o := outcome{err: e.Finish(r.Context())}
		o.started = e.Started()
		_ = s.Close()
		outcomes <- o
		switch {
		case o.err != nil && o.started:
			panic(nethttp.ErrAbortHandler)
		case o.err != nil:
			nethttp.Error(w, o.err.Error(), nethttp.StatusBadGateway)
		}
		e.Close()
	}), outcomes
}

// newResponse returns a response as a guest makes it.
func newResponse(t *testing.T, s *State, status int, header ...string) *OutgoingResponse {
	t.Helper()
	r, _ := s.NewOutgoingResponse(nil, fieldsOf(t, s, header...))
	if err := r.SetStatusCode(nil, StatusCode(status)); err != nil {
		t.Fatal(err)
	}
	return r
}

func set(t *testing.T, s *State, e *Exchange, r *OutgoingResponse) {
	t.Helper()
	if err := s.ResponseOutparamSet(nil, e.out, component.Result[*OutgoingResponse, ErrorCode]{OK: r}); err != nil {
		t.Fatal(err)
	}
}

// answer responds with a body, and finishes it.
func answer(t *testing.T, s *State, e *Exchange, r *OutgoingResponse, text string, tr component.Option[*Fields]) error {
	t.Helper()
	b, err := r.Body(nil)
	if err != nil {
		t.Fatal(err)
	}
	set(t, s, e, r)
	if err := writeAll(t, b, text); err != nil {
		b.Drop(t.Context())
		return err
	}
	return s.OutgoingBodyFinish(nil, b, tr)
}

func TestExchange(t *testing.T) {
	none := component.Option[*Fields]{}
	for _, tt := range []struct {
		name, method string
		guest        guest
		status       int
		body         string
		cut          bool // the response is cut off
		wantErr      error
		header       map[string]string
	}{
		{name: "body and trailers", guest: func(t *testing.T, s *State, e *Exchange) {
			tr := fieldsOf(t, s, "sum", "7", "content-length", "99") // too late for a length
			if err := answer(t, s, e, newResponse(t, s, 201, "x", "y"), "hello", component.Some(tr)); err != nil {
				t.Error(err)
			}
		}, status: 201, body: "hello sum=7", header: map[string]string{"X": "y", "Content-Type": "", "Content-Length": ""}},
		{name: "declared length", guest: func(t *testing.T, s *State, e *Exchange) {
			if err := answer(t, s, e, newResponse(t, s, 200, "content-length", "5"), "hello", none); err != nil {
				t.Error(err)
			}
		}, status: 200, body: "hello", header: map[string]string{"Content-Length": "5"}},
		{name: "body never taken", guest: func(t *testing.T, s *State, e *Exchange) {
			set(t, s, e, newResponse(t, s, 202, "x", "y"))
		}, status: 202, header: map[string]string{"X": "y", "Content-Length": "0"}},
		{name: "body taken and not written", guest: func(t *testing.T, s *State, e *Exchange) {
			r := newResponse(t, s, 200)
			b, _ := r.Body(nil)
			set(t, s, e, r)
			if err := s.OutgoingBodyFinish(nil, b, none); err != nil {
				t.Error(err)
			}
		}, status: 200},
		{name: "written and finished before it is set", guest: func(t *testing.T, s *State, e *Exchange) {
			r := newResponse(t, s, 200)
			b, _ := r.Body(nil)
			if err := errors.Join(writeAll(t, b, "early"), s.OutgoingBodyFinish(nil, b, none)); err != nil {
				t.Error(err)
			}
			set(t, s, e, r)
		}, status: 200, body: "early"},
		{name: "no content", guest: func(t *testing.T, s *State, e *Exchange) {
			if err := answer(t, s, e, newResponse(t, s, 204), "ignored", none); err != nil {
				t.Error(err)
			}
		}, status: 204},
		{name: "not modified with the length of what it is not", guest: func(t *testing.T, s *State, e *Exchange) {
			if err := answer(t, s, e, newResponse(t, s, 304, "content-length", "9", "etag", `"a"`), "", none); err != nil {
				t.Error(err)
			}
		}, status: 304, header: map[string]string{"Etag": `"a"`}},
		{name: "head", method: "HEAD", guest: func(t *testing.T, s *State, e *Exchange) {
			if err := answer(t, s, e, newResponse(t, s, 200, "content-length", "9"), "", none); err != nil {
				t.Error(err)
			}
		}, status: 200, header: map[string]string{"Content-Length": "9"}},
		{name: "head whose body is dropped", method: "HEAD", guest: func(t *testing.T, s *State, e *Exchange) {
			r := newResponse(t, s, 200)
			b, _ := r.Body(nil)
			set(t, s, e, r)
			b.Drop(t.Context())
		}, status: 200},
		{name: "never set", guest: func(*testing.T, *State, *Exchange) {}, status: 502, wantErr: ErrNoResponse},
		{name: "informational as the final status", guest: func(t *testing.T, s *State, e *Exchange) {
			set(t, s, e, newResponse(t, s, 101))
		}, status: 502, wantErr: &InvalidResponseError{}},
		{name: "two lengths", guest: func(t *testing.T, s *State, e *Exchange) {
			set(t, s, e, newResponse(t, s, 200, "content-length", "1", "content-length", "2"))
		}, status: 502, wantErr: &InvalidResponseError{}},
		{name: "large header", guest: func(t *testing.T, s *State, e *Exchange) {
			set(t, s, e, newResponse(t, s, 200, "x", strings.Repeat("x", DefaultMaxHeader)))
		}, status: 502, wantErr: &InvalidResponseError{}},
		{name: "error in place of a response", guest: func(t *testing.T, s *State, e *Exchange) {
			r := component.Result[*OutgoingResponse, ErrorCode]{Failed: true, Err: *internalError("broken")}
			if err := s.ResponseOutparamSet(nil, e.out, r); err != nil {
				t.Error(err)
			}
		}, status: 502, wantErr: &ResponseError{}},
		{name: "unfinished", guest: func(t *testing.T, s *State, e *Exchange) {
			r := newResponse(t, s, 200)
			b, _ := r.Body(nil)
			set(t, s, e, r)
			if err := writeAll(t, b, "partly"); err != nil {
				t.Error(err)
			}
		}, status: 200, body: "partly", cut: true, wantErr: ErrIncomplete},
		{name: "dropped before anything is sent", guest: func(t *testing.T, s *State, e *Exchange) {
			r := newResponse(t, s, 200, "content-length", "5")
			b, _ := r.Body(nil)
			set(t, s, e, r)
			b.Drop(t.Context())
		}, status: 502, wantErr: ErrIncomplete},
		{name: "shorter than declared", guest: func(t *testing.T, s *State, e *Exchange) {
			err := answer(t, s, e, newResponse(t, s, 200, "content-length", "9"), "short", none)
			wantCode(t, err, ErrorCodeHTTPResponseBodySize)
		}, status: 200, body: "short", cut: true, wantErr: &ErrorCode{}},
		{name: "longer than declared", guest: func(t *testing.T, s *State, e *Exchange) {
			err := answer(t, s, e, newResponse(t, s, 200, "content-length", "3"), "long", none)
			se, ok := errors.AsType[*wasiio.StreamError](err)
			if !ok || se.LastOperationFailed == nil {
				t.Fatalf("write: %v, want a failure", err)
			}
			wantCode(t, se.LastOperationFailed.Err, ErrorCodeHTTPResponseBodySize)
		}, status: 502, wantErr: ErrIncomplete},
		{name: "large trailer", guest: func(t *testing.T, s *State, e *Exchange) {
			tr := fieldsOf(t, s, "x", strings.Repeat("x", DefaultMaxHeader))
			err := answer(t, s, e, newResponse(t, s, 200), "x", component.Some(tr))
			wantCode(t, err, ErrorCodeHTTPResponseTrailerSectionSize)
		}, status: 200, body: "x", cut: true, wantErr: &ErrorCode{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv, outcomes := serveGuest(t, Options{}, tt.guest)
			if tt.method == "" {
				tt.method = "GET"
			}
			req, err := nethttp.NewRequestWithContext(t.Context(), tt.method, srv.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := srv.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, readErr := io.ReadAll(resp.Body)
			o := <-outcomes
			got := string(body)
			for name, v := range resp.Trailer {
				got += " " + strings.ToLower(name) + "=" + v[0]
			}
			if o.err != nil && !o.started {
				got = "" // the server's own page
			}
			if resp.StatusCode != tt.status || got != tt.body || (readErr != nil) != tt.cut {
				t.Errorf("response %d %q %v, want %d %q, cut off: %v", resp.StatusCode, got, readErr, tt.status, tt.body, tt.cut)
			}
			for name, want := range tt.header {
				if got := resp.Header.Get(name); got != want {
					t.Errorf("header %s is %q, want %q", name, got, want)
				}
			}
			if fmt.Sprintf("%T", o.err) != fmt.Sprintf("%T", tt.wantErr) || errors.Is(tt.wantErr, ErrIncomplete) && !errors.Is(o.err, ErrIncomplete) {
				t.Errorf("outcome %T %v, want %T %v", o.err, o.err, tt.wantErr, tt.wantErr)
			}
		})
	}
}

func TestIncomingRequest(t *testing.T) {
	srv, _ := serveGuest(t, Options{Buffer: 1000}, func(t *testing.T, s *State, e *Exchange) {
		r := e.in
		m, _ := r.Method(nil)
		target, _ := r.PathWithQuery(nil)
		scheme, _ := r.Scheme(nil)
		authority, _ := r.Authority(nil)
		h, _ := r.Headers(nil)
		conn, _ := h.Has(nil, "connection")
		host, _ := h.Has(nil, "host")
		x, _ := h.Get(nil, "X")
		b, err := r.Consume(nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Consume(nil); !errors.Is(err, component.ErrResult) {
			t.Errorf("second consume: %v, want an error", err)
		}
		text, code := readAll(t, s, b)
		if code != nil {
			t.Error(code)
		}
		tr, code := trailers(t, s, b)
		if code != nil || tr == nil {
			t.Fatalf("trailers %v, %v", tr, code)
		}
		v, _ := tr.Get(nil, "t")
		got := fmt.Sprint(m.Other, target.Value, scheme.Value.Tag, authority.Some, conn, host, string(x[0]), len(text), string(v[0]))
		if err := answer(t, s, e, newResponse(t, s, 200), got, component.Option[*Fields]{}); err != nil {
			t.Error(err)
		}
	})
	req, err := nethttp.NewRequestWithContext(t.Context(), "PURGE", srv.URL+"/a%20b?c", io.MultiReader(strings.NewReader(strings.Repeat("x", 100_000))))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X", "y")
	req.Header.Set("Connection", "close")
	req.Trailer = nethttp.Header{"T": {"v"}}
	resp, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, _ := io.ReadAll(resp.Body)
	if want := fmt.Sprint("PURGE", "/a%20b?c", SchemeHTTP, true, false, false, "y", 100_000, "v"); string(got) != want {
		t.Errorf("the guest saw %q, want %q", got, want)
	}
}

func TestRequestBodyIsBounded(t *testing.T) {
	srv, _ := serveGuest(t, Options{MaxRequestBody: 1000}, func(t *testing.T, s *State, e *Exchange) {
		b, _ := e.in.Consume(nil)
		text, code := readAll(t, s, b)
		wantCode(t, code, ErrorCodeHTTPRequestBodySize)
		if len(text) != 1000 {
			t.Errorf("the guest read %d bytes, want 1000", len(text))
		}
		set(t, s, e, newResponse(t, s, 413))
	})
	resp, err := srv.Client().Post(srv.URL, "", io.MultiReader(strings.NewReader(strings.Repeat("x", 2000))))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 413 {
		t.Errorf("status %d, want 413", resp.StatusCode)
	}
}

// next reads some bytes when there are some.
func next(t *testing.T, in *wasiio.InputStream) []byte {
	t.Helper()
	if err := wasiio.Wait(t.Context(), in.Event()); err != nil {
		t.Fatal(err)
	}
	p, err := in.Read(nil, 100)
	if err != nil {
		t.Error(err)
	}
	return p
}

func TestUnreadRequestBody(t *testing.T) {
	// What a guest leaves unread does not change the response, and the connection
	// serves further requests.
	for name, g := range map[string]guest{
		"answered": func(t *testing.T, s *State, e *Exchange) { set(t, s, e, newResponse(t, s, 502)) },
		"failed":   func(*testing.T, *State, *Exchange) {},
		"partly read": func(t *testing.T, s *State, e *Exchange) {
			b, _ := e.in.Consume(nil)
			in, _ := b.Stream(nil)
			next(t, in)
			set(t, s, e, newResponse(t, s, 502))
		},
	} {
		t.Run(name, func(t *testing.T) {
			srv, _ := serveGuest(t, Options{Buffer: 100}, g)
			for range 20 {
				resp, err := srv.Client().Post(srv.URL, "", strings.NewReader(strings.Repeat("x", 10_000)))
				if err != nil {
					t.Fatal(err)
				}
				_, err = io.ReadAll(resp.Body)
				resp.Body.Close()
				if resp.StatusCode != 502 || err != nil {
					t.Fatalf("status %d, %v, want 502", resp.StatusCode, err)
				}
			}
		})
	}
}

// dial opens a connection and sends the head of a request.
func dial(t *testing.T, srv *httptest.Server, head string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if _, err := io.WriteString(c, head); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAnswerWhileTheClientSends(t *testing.T) {
	// The guest echoes each line as it comes; the client waits for each.
	srv, _ := serveGuest(t, Options{}, func(t *testing.T, s *State, e *Exchange) {
		b, _ := e.in.Consume(nil)
		in, _ := b.Stream(nil)
		r := newResponse(t, s, 200)
		out, _ := r.Body(nil)
		set(t, s, e, r)
		w, _ := out.Write(nil)
		for range 3 {
			p := next(t, in)
			if _, err := w.CheckWrite(nil); err != nil {
				t.Error(err)
			}
			if err := w.Write(nil, p); err != nil {
				t.Error(err)
			}
		}
		w.Drop(t.Context())
		if err := s.OutgoingBodyFinish(nil, out, component.Option[*Fields]{}); err != nil {
			t.Error(err)
		}
	})
	c := dial(t, srv, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n")
	br := bufio.NewReader(c)
	resp, err := nethttp.ReadResponse(br, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		line := fmt.Sprintf("line %d\n", i)
		if _, err := io.WriteString(c, line); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(line))
		if _, err := io.ReadFull(resp.Body, got); err != nil || string(got) != line {
			t.Fatalf("got %q, %v, want %q", got, err, line)
		}
	}
	// The guest ends although the rest of the request has not come.
	if rest, err := io.ReadAll(resp.Body); len(rest) != 0 || err != nil {
		t.Errorf("rest %q, %v, want a complete response", rest, err)
	}
}

func TestClientThatLeaves(t *testing.T) {
	left := make(chan struct{})
	srv, outcomes := serveGuest(t, Options{}, func(t *testing.T, s *State, e *Exchange) {
		r := newResponse(t, s, 200)
		b, _ := r.Body(nil)
		set(t, s, e, r)
		w, _ := b.Write(nil)
		<-left
		for { // endless output
			n, err := w.CheckWrite(nil)
			if err == nil && n > 0 {
				err = w.WriteZeroes(nil, n)
			}
			if err != nil {
				se, ok := errors.AsType[*wasiio.StreamError](err)
				if !ok || se.LastOperationFailed == nil {
					t.Errorf("write: %v, want a failure", err)
				} else {
					wantCode(t, se.LastOperationFailed.Err, ErrorCodeConnectionTerminated)
				}
				return
			}
			if err := wasiio.Wait(t.Context(), b.pipe.Sink()); err != nil {
				t.Error(err)
				return
			}
		}
	})
	c := dial(t, srv, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	if _, err := c.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	close(left)
	o := <-outcomes
	if _, ok := errors.AsType[*ClientError](o.err); !ok {
		t.Errorf("outcome %v, want a client error", o.err)
	}
}

// pipeListener is a listener with one connection, without buffers.
type pipeListener struct {
	conns chan net.Conn
	addr  net.Addr
}

func (l *pipeListener) Accept() (net.Conn, error) {
	if c, ok := <-l.conns; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}
func (l *pipeListener) Addr() net.Addr { return l.addr }
func (l *pipeListener) Close() error   { return nil }

func TestClientThatNeverReads(t *testing.T) {
	// The guest writes until nothing is permitted any more, and ends with the
	// context of its call; so does the exchange.
	synctest.Test(t, func(t *testing.T) {
		var finishErr error
		held := 0
		srv := &nethttp.Server{ErrorLog: log.New(io.Discard, "", 0), Handler: nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
			s := NewState(Options{})
			e := NewExchange(s, w, r)
			resp := newResponse(t, s, 200)
			b, _ := resp.Body(nil)
			set(t, s, e, resp)
			out, _ := b.Write(nil)
			for {
				synctest.Wait()
				n, err := out.CheckWrite(nil)
				if err != nil {
					t.Error(err)
				}
				if n == 0 {
					break
				}
				if err := out.WriteZeroes(nil, n); err != nil {
					t.Error(err)
				}
				held += int(n)
			}
			ctx, cancel := context.WithTimeout(r.Context(), time.Second)
			defer cancel()
			finishErr = e.Finish(ctx)
			panic(nethttp.ErrAbortHandler)
		})}
		ours, theirs := net.Pipe()
		l := &pipeListener{conns: make(chan net.Conn, 1), addr: ours.LocalAddr()}
		l.conns <- theirs
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = srv.Serve(l)
		}()
		if _, err := io.WriteString(ours, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		_ = ours.Close()
		close(l.conns)
		<-done
		if _, ok := errors.AsType[*ClientError](finishErr); !ok || held > DefaultBuffer+64<<10 {
			t.Errorf("the exchange ended with %v after the guest had written %d bytes", finishErr, held)
		}
	})
}

// A guest that waits for what it writes is ended with the context of its call,
// although it is the one who sends.
func TestWriteThroughToClientThatNeverReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var finishErr error
		srv := &nethttp.Server{ErrorLog: log.New(io.Discard, "", 0), Handler: nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
			s := NewState(Options{})
			e := NewExchange(s, w, r)
			resp := newResponse(t, s, 200, "content-length", "100000")
			b, _ := resp.Body(nil)
			set(t, s, e, resp)
			sink := &bodySink{Sink: b.pipe.Sink(), body: b}
			ctx, cancel := context.WithTimeout(r.Context(), time.Second)
			defer cancel()
			if done, _ := sink.WriteThrough(ctx, make([]byte, 4096)); !done || ctx.Err() == nil {
				t.Errorf("write returned %t before the time was up", done)
			}
			_, err := sink.WriteThrough(ctx, []byte("more"))
			wantCode(t, err, ErrorCodeConnectionTerminated)
			finishErr = e.Finish(ctx)
			if e.sending != nil {
				t.Error("a goroutine was started")
			}
			panic(nethttp.ErrAbortHandler)
		})}
		ours, theirs := net.Pipe()
		l := &pipeListener{conns: make(chan net.Conn, 1), addr: ours.LocalAddr()}
		l.conns <- theirs
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = srv.Serve(l)
		}()
		if _, err := io.WriteString(ours, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		_ = ours.Close()
		close(l.conns)
		<-done
		if _, ok := errors.AsType[*ClientError](finishErr); !ok {
			t.Errorf("the exchange ended with %v", finishErr)
		}
	})
}

// Writes that wait and writes that do not arrive in order, and their sum is held to
// the declared length.
func TestWriteThrough(t *testing.T) {
	srv, outcomes := serveGuest(t, Options{}, func(t *testing.T, s *State, e *Exchange) {
		r := newResponse(t, s, 200, "content-length", "9")
		b, _ := r.Body(nil)
		w, _ := b.Write(nil)
		sink := &bodySink{Sink: b.pipe.Sink(), body: b}
		if done, err := sink.WriteThrough(t.Context(), []byte("x")); done || err != nil {
			t.Errorf("write before there is a response: %t, %v", done, err)
		}
		set(t, s, e, r)
		for _, part := range []string{"one", "two"} {
			if done, err := sink.WriteThrough(t.Context(), []byte(part)); !done || err != nil {
				t.Errorf("write of %q: %t, %v", part, done, err)
			}
		}
		_, err := sink.WriteThrough(t.Context(), []byte("four"))
		wantCode(t, err, ErrorCodeHTTPResponseBodySize)
		if _, err := w.CheckWrite(nil); err != nil {
			t.Error(err)
		}
		if err := w.Write(nil, []byte("th")); err != nil {
			t.Error(err)
		}
		if done, err := sink.WriteThrough(t.Context(), []byte("r")); done || err != nil {
			t.Errorf("write beside the goroutine: %t, %v", done, err)
		}
		if err := sink.Write([]byte("3")); err != nil {
			t.Error(err)
		}
		w.Drop(t.Context())
		if err := s.OutgoingBodyFinish(nil, b, component.Option[*Fields]{}); err != nil {
			t.Error(err)
		}
	})
	resp, err := srv.Client().Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if body, err := io.ReadAll(resp.Body); string(body) != "onetwoth3" || err != nil {
		t.Errorf("body %q, %v", body, err)
	}
	if o := <-outcomes; o.err != nil {
		t.Errorf("outcome %v", o.err)
	}
}

func TestClientThatNeverSends(t *testing.T) {
	// A guest that does not wait for the body of its request is not held up by it.
	for _, tt := range []struct {
		name string
		look func(*State, *Exchange)
	}{
		{"not consumed", func(*State, *Exchange) {}},
		{"stream dropped", func(_ *State, e *Exchange) {
			b, _ := e.in.Consume(nil)
			in, _ := b.Stream(nil)
			_, _ = in.Read(nil, 1)
			in.Drop(t.Context())
			b.Drop(t.Context())
		}},
		{"trailers wanted", func(s *State, e *Exchange) {
			b, _ := e.in.Consume(nil)
			f, _ := s.IncomingBodyFinish(nil, b)
			_, _ = f.Subscribe(nil)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv, outcomes := serveGuest(t, Options{}, func(t *testing.T, s *State, e *Exchange) {
				tt.look(s, e)
				if err := answer(t, s, e, newResponse(t, s, 200), "done", component.Option[*Fields]{}); err != nil {
					t.Error(err)
				}
			})
			c := dial(t, srv, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nx")
			resp, err := nethttp.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(resp.Body)
			if o := <-outcomes; string(got) != "done" || err != nil || o.err != nil {
				t.Errorf("got %q, %v, outcome %v", got, err, o.err)
			}
		})
	}
}

func TestGuestThatNeverReads(t *testing.T) {
	// What a client sends and nobody reads stays out of memory: no more than the
	// buffer is taken from it.
	srv, _ := serveGuest(t, Options{Buffer: 1000}, func(t *testing.T, s *State, e *Exchange) {
		b, _ := e.in.Consume(nil)
		in, _ := b.Stream(nil)
		most := 1000 + int64(len(next(t, in)))
		e.body.mu.Lock()
		taken := e.body.max - e.body.left
		e.body.mu.Unlock()
		if taken > most {
			t.Errorf("%d bytes were taken from the client", taken)
		}
		set(t, s, e, newResponse(t, s, 200))
	})
	resp, err := srv.Client().Post(srv.URL, "", strings.NewReader(strings.Repeat("x", 100_000)))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}
