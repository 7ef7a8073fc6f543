package httpserver_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/providers/httpserver"
	"github.com/wattle-dev/wattle/wit"
)

// routes answers by path, whatever the host, and by the name of one host.
type routes struct {
	ids  []lattice.ComponentID
	path string
	host string
}

func (r routes) Route(host, path string) (lattice.ComponentID, bool) {
	ok := r.path != "" && strings.HasPrefix(path, r.path) || r.host != "" && host == r.host
	return "routed", ok
}
func (r routes) RoutedHost(host string) bool       { return r.host != "" && host == r.host }
func (r routes) Components() []lattice.ComponentID { return r.ids }

// invoker keeps the last invocation, and has http answer.
type invoker struct {
	inv  *lattice.Invocation
	http func(w http.ResponseWriter, r *http.Request) error
}

func (i *invoker) Call(context.Context, *lattice.Invocation, *wit.Func, []wit.Value) ([]wit.Value, error) {
	return nil, errors.ErrUnsupported
}

func (i *invoker) HTTP(w http.ResponseWriter, r *http.Request, inv *lattice.Invocation) error {
	i.inv = inv
	if i.http == nil {
		_, err := fmt.Fprintf(w, "%s %s %s", inv.Target, r.Host, r.URL.Path)
		return err
	}
	return i.http(w, r)
}

func get(t *testing.T, s *httpserver.Server, url string, header http.Header) (int, string, http.Header) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	maps.Copy(r.Header, header)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Code, w.Body.String(), w.Header()
}

func TestFind(t *testing.T) {
	known := routes{ids: []lattice.ComponentID{"hello", "Shop_API"}, path: "/shop", host: "shop.example"}
	for _, c := range []struct {
		name  string
		local bool
		url   string
		code  int
		body  string // all of it if the code is 200, or else a part
	}{
		{"a path", false, "http://any.example/shop/1", 200, "routed any.example /shop/1"},
		{"a host", false, "http://shop.example/x", 200, "routed shop.example /x"},
		{"neither", false, "http://any.example/x", 404, "no component answers here\n"},
		{"localhost is no secret way in", false, "http://hello.localhost/x", 404, "no component answers here\n"},
		{"a component", true, "http://hello.localhost:8000/x", 200, "hello hello.localhost:8000 /x"},
		{"a component before its routes", true, "http://hello.localhost/shop", 200, "hello hello.localhost /shop"},
		{"a component in lower case", true, "http://shop_api.localhost/x", 200, "Shop_API shop_api.localhost /x"},
		{"an unknown component", true, "http://nobody.localhost:8000/x", 404, "http://hello.localhost:8000/\n  http://Shop_API.localhost:8000/\n"},
		{"a path, locally", true, "http://127.0.0.1:8000/shop", 200, "routed 127.0.0.1:8000 /shop"},
		{"a routed host, locally", true, "http://SHOP.example/x", 200, "routed SHOP.example /x"},
		{"a foreign host", true, "http://evil.example/shop", 403, "does not name this machine"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := httpserver.New(&invoker{}, known, &httpserver.Options{Local: c.local})
			code, body, _ := get(t, s, c.url, nil)
			if code != c.code || code == 200 && body != c.body || !strings.Contains(body, c.body) {
				t.Errorf("%s: %d %q, want %d %q", c.url, code, body, c.code, c.body)
			}
		})
	}
	s := httpserver.New(&invoker{}, routes{}, &httpserver.Options{Local: true})
	if _, body, _ := get(t, s, "http://localhost/", nil); !strings.Contains(body, "wattle component start") {
		t.Errorf("a lattice without components: %q does not say what to do", body)
	}
}

func TestInvocation(t *testing.T) {
	in := &invoker{}
	s := httpserver.New(in, routes{path: "/"}, nil)
	if code, _, _ := get(t, s, "http://any.example/", nil); code != 200 {
		t.Fatalf("status %d", code)
	}
	want := &lattice.Invocation{
		Target: "routed", Interface: "wasi:http/incoming-handler@0.2.6", Function: "handle",
		Callers: []lattice.Caller{"http"}, Depth: lattice.DefaultDepth,
	}
	if diff := cmp.Diff(want, in.inv); diff != "" {
		t.Errorf("invocation (-want +got):\n%s", diff)
	}
}

func TestFailures(t *testing.T) {
	for _, c := range []struct {
		err   error
		code  int
		again bool
	}{
		{&lattice.Error{Code: lattice.CodeUnavailable, Message: "secret", Undelivered: true}, 503, true},
		{&lattice.Error{Code: lattice.CodeUnavailable, Message: "secret"}, 502, false},
		{&lattice.Error{Code: lattice.CodeExhausted, Message: "secret"}, 503, true},
		{&lattice.Error{Code: lattice.CodeDeadline, Message: "secret"}, 504, false},
		{&lattice.Error{Code: lattice.CodeTrapped, Message: "secret"}, 502, false},
		{&lattice.Error{Code: lattice.CodeDenied, Message: "secret"}, 403, false},
		{&lattice.Error{Code: lattice.CodeNotFound, Message: "secret"}, 404, false},
		{errors.New("secret"), 502, false},
	} {
		for _, local := range []bool{false, true} {
			in := &invoker{http: func(http.ResponseWriter, *http.Request) error { return c.err }}
			s := httpserver.New(in, routes{path: "/"}, &httpserver.Options{Local: local})
			code, body, header := get(t, s, "http://localhost/", nil)
			if code != c.code || (header.Get("Retry-After") != "") != c.again {
				t.Errorf("%s: status %d, Retry-After %q, want %d and %v", lattice.CodeOf(c.err), code, header.Get("Retry-After"), c.code, c.again)
			}
			if strings.Contains(body, "secret") != local {
				t.Errorf("%s: a client that is local (%v) is told %q", lattice.CodeOf(c.err), local, body)
			}
		}
	}
}

// TestTimeout has a component that never answers.
func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := &invoker{http: func(_ http.ResponseWriter, r *http.Request) error {
			<-r.Context().Done()
			return &lattice.Error{Code: lattice.CodeDeadline, Message: "late"}
		}}
		s := httpserver.New(in, routes{path: "/"}, &httpserver.Options{Timeout: time.Minute})
		began := time.Now()
		code, _, _ := get(t, s, "http://any.example/", nil)
		if took := time.Since(began); code != 504 || took != time.Minute {
			t.Errorf("status %d after %v, want 504 after a minute", code, took)
		}
	})
}

// TestMaxRequests has one request too many.
func TestMaxRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		in := &invoker{http: func(http.ResponseWriter, *http.Request) error {
			<-let
			return nil
		}}
		s := httpserver.New(in, routes{path: "/"}, &httpserver.Options{MaxRequests: 1})
		first := make(chan int, 1)
		go func() {
			code, _, _ := get(t, s, "http://any.example/", nil)
			first <- code
		}()
		synctest.Wait()
		if n := s.Running(); n != 1 {
			t.Errorf("%d requests run, want 1", n)
		}
		if code, _, header := get(t, s, "http://any.example/", nil); code != 503 || header.Get("Retry-After") == "" {
			t.Errorf("one too many: status %d, Retry-After %q", code, header.Get("Retry-After"))
		}
		close(let)
		if code := <-first; code != 200 {
			t.Errorf("the first: status %d", code)
		}
		if code, _, _ := get(t, s, "http://any.example/", nil); code != 200 {
			t.Errorf("after the first: status %d", code)
		}
	})
}

// TestClientGone has no answer written for nobody.
func TestClientGone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	in := &invoker{http: func(_ http.ResponseWriter, r *http.Request) error {
		cancel()
		return context.Cause(r.Context())
	}}
	s := httpserver.New(in, routes{path: "/"}, nil)
	defer func() {
		if err, _ := recover().(error); !errors.Is(err, http.ErrAbortHandler) {
			t.Errorf("panic %v, want http.ErrAbortHandler", err)
		}
	}()
	s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, "http://any.example/", nil))
}

// TestTrace has the trace of the client reach the component.
func TestTrace(t *testing.T) {
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	var got string
	in := &invoker{http: func(_ http.ResponseWriter, r *http.Request) error {
		got = r.Header.Get("Traceparent")
		return nil
	}}
	s := httpserver.New(in, routes{path: "/"}, nil)
	get(t, s, "http://any.example/", http.Header{"Traceparent": {"00-" + trace + "-00f067aa0ba902b7-01"}})
	if !strings.HasPrefix(got, "00-"+trace+"-") {
		t.Errorf("traceparent %q, want one of trace %s", got, trace)
	}
	get(t, s, "http://any.example/", nil)
	if got != "" {
		t.Errorf("traceparent %q of nothing", got)
	}
}

func TestAdmin(t *testing.T) {
	var ready error
	srv := httptest.NewServer(httpserver.Admin(func() error { return ready }))
	defer srv.Close()
	ask := func(path string) (int, string) {
		resp, err := http.Get(srv.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(b)
	}
	for _, path := range []string{"/livez", "/readyz"} {
		if code, body := ask(path); code != 200 {
			t.Errorf("%s: %d %q", path, code, body)
		}
	}
	ready = errors.New("the lattice cannot be reached")
	if code, body := ask("/readyz"); code != 503 || body != "the lattice cannot be reached\n" {
		t.Errorf("/readyz: %d %q", code, body)
	}
	if code, _ := ask("/livez"); code != 200 {
		t.Errorf("/livez while not ready: %d", code)
	}
}
