package http

import (
	"context"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/wit/wittest"
)

// fieldNames and fieldValues are what a guest of the fuzzer has to choose from, or
// else it makes its own.
var (
	fieldNames = []string{
		"content-length", "Content-Length", "transfer-encoding", "connection", "x", "set-cookie", "trailer", "date",
		"content-type", "te", "upgrade", "host", "keep-alive", "expect", "Trailer:x", "content-encoding", "location",
	}
	fieldValues = []string{
		"0", "5", "-1", "+5", "5, 5", " 5", "0x5", "18446744073709551616", "chunked", "close", "upgrade", "x", "content-length",
		"a\r\nb: c", "a\nb", "a\x00", "\xff\xfe", " a ", "", "a\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
	}
	bodies = []string{"", "x", "hello", "0\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", strings.Repeat("y", 5000)}
)

// pick chooses one of the texts, or takes the next few bytes.
func pick(src *wittest.Source, from []string) string {
	if i := src.Below(len(from) + 2); i < len(from) {
		return from[i]
	}
	n := min(src.Below(20), len(src.Left))
	s := string(src.Left[:n])
	src.Left = src.Left[n:]
	return s
}

func pickFields(src *wittest.Source, s *State) *Fields {
	var list []component.Tuple2[FieldName, FieldValue]
	for range src.Below(5) {
		list = append(list, component.Tuple2[FieldName, FieldValue]{V0: pick(src, fieldNames), V1: []byte(pick(src, fieldValues))})
	}
	f, err := s.FieldsFromList(nil, list)
	for err != nil { // some of it is refused; what remains is taken
		list = list[1:]
		f, err = s.FieldsFromList(nil, list)
	}
	return f
}

// edgeGuest answers as its bytes say, which is as badly as the interface lets it.
func edgeGuest(t *testing.T, s *State, e *Exchange, src *wittest.Source) {
	t.Helper()
	if src.Below(2) == 1 {
		if b, err := e.in.Consume(nil); err != nil {
			t.Error(err)
		} else {
			_, _ = readAll(t, s, b)
		}
	}
	if src.Below(8) == 7 {
		return // no response
	}
	r, err := s.NewOutgoingResponse(nil, pickFields(src, s))
	if err != nil {
		t.Error(err)
		return
	}
	if code := StatusCode(src.Bits(2)); src.Below(2) == 1 {
		statuses := []StatusCode{0, 99, 100, 101, 199, 200, 204, 205, 206, 301, 304, 400, 401, 599, 600, 999, 1000, code}
		_ = r.SetStatusCode(nil, statuses[int(code)%len(statuses)])
	}
	if src.Below(4) == 3 {
		set(t, s, e, r)
		return
	}
	b, err := r.Body(nil)
	if err != nil {
		t.Error(err)
		return
	}
	early := src.Below(2) == 1
	if !early {
		set(t, s, e, r)
	}
	text := pick(src, bodies)
	var trailer component.Option[*Fields]
	if src.Below(2) == 1 {
		trailer = component.Some(pickFields(src, s))
	}
	if err := writeAll(t, b, text); err != nil || src.Below(4) == 3 {
		b.Drop(t.Context())
	} else {
		_ = s.OutgoingBodyFinish(nil, b, trailer)
	}
	if early {
		set(t, s, e, r)
	}
}

// checkReceived checks that a guest sees requests only that are valid.
func checkReceived(t *testing.T, e *Exchange) {
	t.Helper()
	m, _ := e.in.Method(nil)
	if !validName(m.text()) {
		t.Errorf("the guest sees the method %q", m.text())
	}
	target, _ := e.in.PathWithQuery(nil)
	bad := func(c rune) bool { return c <= ' ' || c == 0x7f }
	if target.Some && !strings.HasPrefix(target.Value, "/") && target.Value != "*" || strings.ContainsFunc(target.Value, bad) {
		t.Errorf("the guest sees the target %q", target.Value)
	}
	if a, _ := e.in.Authority(nil); strings.ContainsFunc(a.Value, bad) || strings.ContainsAny(a.Value, "/?#@\\") {
		t.Errorf("the guest sees the authority %q", a.Value)
	}
	checkFields(t, e.in.fields())
}

// checkFields checks fields that a guest sees.
func checkFields(t *testing.T, f *Fields) {
	t.Helper()
	for _, f := range f.list {
		if !validName(f.name) || f.name != strings.ToLower(f.name) || Forbidden(f.name) || !validValue(f.value) {
			t.Errorf("the guest sees the field %q: %q", f.name, f.value)
		}
	}
}

// edge serves the bytes of one connection with a guest, and returns what the
// client gets, the methods of the requests that reached the guest, and whether a
// response was not complete.
//
// A client that has sent all ends its side, or waits. For the server the former is
// one that may have gone.
func edge(t *testing.T, request, guest []byte, waits bool) (wire []byte, methods []string, incomplete bool) {
	t.Helper()
	src := &wittest.Source{Left: guest}
	var mu sync.Mutex
	srv := &nethttp.Server{
		MaxHeaderBytes: 4 << 10, ReadHeaderTimeout: time.Minute, ErrorLog: nil,
		Handler: nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
			mu.Lock() // one after the other, as the connection has them
			defer mu.Unlock()
			methods = append(methods, r.Method)
			s := NewState(Options{MaxRequestBody: 1 << 16, MaxHeader: 4 << 10})
			e := NewExchange(s, w, r)
			checkReceived(t, e)
			edgeGuest(t, s, e, src)
			err := e.Finish(r.Context())
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			switch {
			case err != nil && e.Started():
				incomplete = true
				panic(nethttp.ErrAbortHandler)
			case err != nil:
				nethttp.Error(w, err.Error(), nethttp.StatusBadGateway)
			}
			e.Close()
		}),
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		_, _ = c.Write(request) // the server may have had enough
		if !waits {
			_ = c.(*net.TCPConn).CloseWrite()
		}
	}()
	wire, err = io.ReadAll(c)
	if e, ok := err.(net.Error); ok && e.Timeout() { //nolint:errorlint // connections return it as it is
		t.Error("the connection does not end")
	}
	<-sent
	_ = c.Close()
	if err := srv.Shutdown(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
	<-done
	return wire, methods, incomplete
}

// checkEdge checks what a client gets.
func checkEdge(t *testing.T, wire []byte, methods []string, incomplete bool) []*wireResponse {
	t.Helper()
	rs, err := parseWire(wire, methods)
	if err != nil && (!incomplete || err != errCut) { //nolint:errorlint // it is this very error
		t.Errorf("%v\n%q", err, wire)
	}
	for i, r := range rs {
		if r.cut && (!incomplete || i < len(rs)-1) {
			t.Errorf("response %d is cut off: %q", i, wire)
		}
		for _, f := range r.trailer {
			if heads[nethttp.CanonicalHeaderKey(f.name)] || Forbidden(f.name) {
				t.Errorf("trailer %q: %q", f.name, wire)
			}
		}
		if r.status == nethttp.StatusResetContent && len(r.body) > 0 {
			t.Errorf("205 with %d bytes (RFC 9110, section 15.3.6)", len(r.body))
		}
	}
	return rs
}

// edgeRequests are requests as nobody should send them, and some that are fine.
var edgeRequests = []string{
	"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /a%20b?c HTTP/1.1\r\nHost: a:80\r\nX: 1\r\nx: 2\r\n\r\nHEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: t\r\n\r\n5\r\nhello\r\n0\r\nt: v\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
	// Two readers may disagree on where these end (RFC 9112, section 11.2). The
	// first is as chunked as it says.
	"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
	"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello",
	"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello",
	"POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\nhello",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
	"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n-1\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello\r\n0\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\ncontent-length: 5\r\nhost: b\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n",
	"GET / HTTP/1.1\r\n Host: a\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a/b@c\r\n\r\n",
	"GET / HTTP/1.1\r\n\r\n",
	"GET / HTTP/1.1\nHost: a\n\n",
	"GET / HTTP/1.1\r\nHost: a\r\nX\x00: a\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a\r\n: a\r\n\r\n",
	"GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET //a/../b HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET http://u@b/c HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET http://b HTTP/1.1\r\nHost: a\r\n\r\n",
	"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\nrest",
	"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
	"G(T / HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
	"GET / HTTP/0.9\r\n\r\n",
	"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
	"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade, http2-settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a\r\nConnection: close, x\r\nX: 1\r\nTE: trailers\r\nProxy-Authorization: x\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 20<<10) + "\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("x:\r\n", 5000) + "\r\n",
	"GET /" + strings.Repeat("x", 20<<10) + " HTTP/1.1\r\nHost: a\r\n\r\n",
	"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03",
	"\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a", "", "\x00",
}

// edgeAnswers are guests.
func edgeAnswers() (answers [][]byte) {
	for read := range byte(2) {
		for i := range fieldNames {
			answers = append(answers, []byte{read, 0, 2, byte(i), byte(i), 4, byte(i + 7), 0, byte(i), 1, 0, 0, 2, 1, 1, 4, byte(i)})
		}
		for i := range byte(18) {
			answers = append(answers, []byte{read, 0, 1, 0, 1, 0, i, 1, i & 3, i & 1, 2, 0, 0})
		}
	}
	return answers
}

// FuzzEdge is a server between a client and a guest that both send what the
// fuzzer chooses. The guest sees valid requests and the client valid responses, by
// RFC 9110 and RFC 9112, and a request that is complete is answered.
func FuzzEdge(f *testing.F) {
	answers := edgeAnswers()
	for i, r := range edgeRequests {
		f.Add([]byte(r), answers[i%len(answers)])
	}
	for i, a := range answers {
		f.Add([]byte(edgeRequests[i%5]), a)
	}
	f.Fuzz(func(t *testing.T, request, guest []byte) {
		if len(request) > 64<<10 {
			return
		}
		wire, methods, incomplete := edge(t, request, guest, false)
		checkEdge(t, wire, methods, incomplete)
	})
}

// A request whose end two readers could see in different places is not served, or
// nothing after it is.
func TestSmuggling(t *testing.T) {
	ok := []byte{1, 0, 0, 0, 0, 0, 0, 0, 2} // reads the body and answers "hello"
	served := map[string]int{}
	for _, r := range edgeRequests {
		wire, methods, incomplete := edge(t, []byte(r), ok, false)
		rs := checkEdge(t, wire, methods, incomplete)
		served[r] = len(methods)
		if len(methods) < len(rs)-1 {
			t.Errorf("%q: %d requests reach the guest, %d responses the client", r, len(methods), len(rs))
		}
	}
	for i, want := range []int{2, 3, 3, 3, 2} {
		r := edgeRequests[i] + "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
		wire, methods, incomplete := edge(t, []byte(r), ok, true)
		if rs := checkEdge(t, wire, methods, incomplete); len(methods) != want || len(rs) != want {
			t.Errorf("%q: %d requests reach the guest, %d responses the client, want %d", r, len(methods), len(rs), want)
		}
	}
	for _, refused := range edgeRequests[6:14] {
		if n := served[refused]; n > 0 {
			t.Errorf("%.200q: %d requests reach the guest", refused, n)
		}
	}
}

// What a guest answers badly is made good or is an error.
func TestBadAnswers(t *testing.T) {
	var statuses []int
	for i, a := range edgeAnswers() {
		wire, methods, incomplete := edge(t, []byte("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), a, true)
		rs := checkEdge(t, wire, methods, incomplete)
		if len(rs) != 1 {
			t.Errorf("answer %d %v: %d responses: %s", i, a, len(rs), fmt.Sprintf("%q", wire))
			continue
		}
		statuses = append(statuses, rs[0].status)
	}
	for _, want := range []int{200, 204, 205, 304, 502} {
		if !slices.Contains(statuses, want) {
			t.Errorf("no answer has the status %d: %v", want, statuses)
		}
	}
}
