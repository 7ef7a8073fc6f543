package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// servedAt starts a server of a test.
func servedAt(t *testing.T, h http.Handler, path string) place {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	host, err := hostOf(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return place{host, path, gatewayToken + "1"}
}

// Every way answers every kind of call, and clients find that it does.
func TestGatewayWays(t *testing.T) {
	at := servedAt(t, native(), "")
	relay, err := newRelay("http://" + at.host)
	if err != nil {
		t.Fatal(err)
	}
	front := servedAt(t, relay, "")
	b := &gatewayBench{session: &session{}}
	for _, r := range b.kindsOfCalls() {
		for name, to := range map[string]place{"direct": {at.host, "/" + r.backend, at.token}, "gateway": {front.host, "/mcp/" + r.backend, front.token}} {
			t.Run(strings.Join([]string{r.String(), name}, "/"), func(t *testing.T) {
				c, err := newCrowd(t.Context(), to, &r.mcpCall, 3)
				if err != nil {
					t.Fatal(err)
				}
				defer c.close()
				l, err := c.closed(10, time.Minute)
				if err != nil || l.n != 10 {
					t.Fatalf("%d calls, %v; want 10", l.n, err)
				}
				l, err = c.open(100, 100*time.Millisecond)
				if err != nil || l.n != 10 || l.p50 <= 0 {
					t.Fatalf("at a rate: %d calls, p50 %v, %v; want 10", l.n, l.p50, err)
				}
			})
		}
	}
}

// Clients take nothing but the answer of their call.
func TestGatewayWrongAnswers(t *testing.T) {
	const right = `{"jsonrpc":"2.0","id":%s,"result":{"content":[{"type":"text","text":%s}]}}`
	for name, answer := range map[string]func(id, text string) string{
		"another id":   func(_, text string) string { return fmt.Sprintf(right, "1000000000", text) },
		"another text": func(id, text string) string { return fmt.Sprintf(right, id, `"f`+text[2:]) },
		"less of it":   func(id, text string) string { return fmt.Sprintf(right, id, text[:20]+`"`) },
		"more of it":   func(id, text string) string { return fmt.Sprintf(right, id, text[:len(text)-1]+`x"`) },
		"an error": func(id, _ string) string {
			return `{"jsonrpc":"2.0","id":` + id + `,"error":{"code":1,"message":"no"}}`
		},
		"nothing at all": func(_, _ string) string { return "" },
	} {
		t.Run(name, func(t *testing.T) {
			at := servedAt(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body := make([]byte, r.ContentLength)
				for n := 0; n < len(body); {
					k, err := r.Body.Read(body[n:])
					n += k
					if err != nil {
						break
					}
				}
				fmt.Fprint(w, answer(string(after(body, `"id":`)), string(after(body, `"text":`))))
			}), "/")
			c, err := newMCPClient(t.Context(), at, &mcpCall{tool: echoTool, size: small64})
			if err != nil {
				t.Fatal(err)
			}
			defer c.close()
			if err := c.do(); err == nil {
				t.Error("the client took it")
			}
		})
	}
	at := servedAt(t, http.HandlerFunc(plain), "/")
	c, err := newMCPClient(t.Context(), at, &mcpCall{tool: progressTool, size: small64, events: steps + 1})
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	if err := c.do(); err == nil {
		t.Error("the client did not miss an event")
	}
}

// At a rate, a call that is slow makes those late that were due while it ran.
func TestGatewayOpenLoop(t *testing.T) {
	first := make(chan struct{}, 1)
	first <- struct{}{}
	const slow = 200 * time.Millisecond
	at := servedAt(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-first:
			<-time.After(slow)
		default:
		}
		plain(w, r)
	}), "/")
	m, err := newMCPClient(t.Context(), at, &mcpCall{tool: echoTool, size: small64})
	if err != nil {
		t.Fatal(err)
	}
	c := &crowd{all: []*mcpClient{m}}
	defer c.close()
	l, err := c.open(1000, slow)
	if err != nil {
		t.Fatal(err)
	}
	// All were due within about that time, and half of them before the first was done.
	if l.p50 < slow/4 {
		t.Errorf("half of the calls took no more than %v, though the first one had them wait %v", l.p50, slow)
	}
}
