package mcp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/catalogue"
	"github.com/wattle-dev/wattle/providers/mcp"
)

// watched is a server that tells of a resource when the test wants it to. Each time that it
// is asked to, it sends what it was asked for.
func watched(asked chan<- string, tell <-chan string) server {
	return server{
		mcp: lattice.MCP{Name: "one"},
		contents: catalogue.Contents{
			Capabilities: json.RawMessage(`{"resources":{"subscribe":true}}`), Resources: []json.RawMessage{json.RawMessage(`{"uri":"x://a","name":"a"}`)},
			Tools: []json.RawMessage{tool("echo")},
		},
		component: func(w http.ResponseWriter, r *http.Request, _ *lattice.Invocation) error {
			var of struct {
				Method string
				Params struct {
					Notifications map[string]json.RawMessage
				}
			}
			if err := json.NewDecoder(r.Body).Decode(&of); err != nil {
				return err
			}
			asked <- of.Method + " " + string(of.Params.Notifications["resourceSubscriptions"])
			w.Header().Set("Content-Type", "text/event-stream")
			for {
				select {
				case text := <-tell:
					if _, err := io.WriteString(w, event(text)); err != nil {
						return err
					}
				case <-r.Context().Done():
					asked <- "end"
					return r.Context().Err()
				}
			}
		},
	}
}

const (
	updatedByServer = `{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":1},"uri":"x://a"}}`
	updatedOther    = `{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"x://ab"}}`
	updatedPart     = `{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"x://a/b"}}`
)

// TestListen opens a stream of notifications.
func TestListen(t *testing.T) {
	for path, prefix := range map[string]string{"/mcp": "one_", "/mcp/one": ""} {
		t.Run(path, func(t *testing.T) {
			asked, tell := make(chan string, 4), make(chan string)
			of := watched(asked, tell)
			b := start(t, nil, of)
			body := fmt.Sprintf(`{"jsonrpc":"2.0","id":"s","method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true,"promptsListChanged":true,"resourceSubscriptions":["x://a","z://c"]},"_meta":%s}}`, meta)
			s := b.open(t, http.MethodPost, path, body, modernHeader("subscriptions/listen", ""))
			const begin = `{"jsonrpc":"2.0","method":"notifications/`
			const id = `"_meta":{"io.modelcontextprotocol/subscriptionId":"s"}}}`
			// Any server may be the one that has a URI, if it is the only one.
			uris := `["x://a","z://c"]`
			if path == "/mcp" {
				uris = `["x://a"]`
			}
			agreed := fmt.Sprintf(`subscriptions/acknowledged","params":{"notifications":{"toolsListChanged":true,"resourceSubscriptions":%s},`, uris)
			if path == "/mcp" {
				agreed = strings.Replace(agreed, `true,`, `true,"promptsListChanged":true,`, 1)
			}
			if got, want := s.next(), begin+agreed+id; got != want {
				t.Fatalf("acknowledged:\n%s\nwant\n%s", got, want)
			}
			if got, want := <-asked, "subscriptions/listen "+uris; got != want {
				t.Errorf("the server was asked %s, want %s", got, want)
			}
			tell <- updatedOther
			tell <- updatedPart
			if got, want := s.next(), begin+`resources/updated","params":{"uri":"x://a/b",`+id; got != want {
				t.Errorf("%s, want %s", got, want)
			}
			tell <- updatedByServer
			if got, want := s.next(), begin+`resources/updated","params":{"uri":"x://a",`+id; got != want {
				t.Errorf("%s, want %s", got, want)
			}
			other := of
			other.contents.Tools = append(other.contents.Tools, tool("other"))
			b.set(other)
			if got, want := s.next(), begin+`tools/list_changed","params":{`+id; got != want {
				t.Errorf("%s, want %s", got, want)
			}
			if got := b.names(path, "tools/list", "tools", "name"); len(got) != 2 || got[1] != prefix+"other" {
				t.Errorf("tools %v", got)
			}
			s.cancel()
			if got := <-asked; got != "end" {
				t.Errorf("the server is asked %s", got)
			}
		})
	}
}

// TestListenEnds has the gateway end streams with a response.
func TestListenEnds(t *testing.T) {
	b := start(t, nil, one())
	ctx, cancel := context.WithCancel(t.Context())
	g, err := mcp.New(b, b, &mcp.Options{Authenticate: authenticate})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- g.Run(ctx) }()
	r, w := io.Pipe()
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		request, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "/mcp/one", strings.NewReader(fmt.Sprintf(`{"jsonrpc":"2.0","id":5,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},"_meta":%s}}`, meta)))
		request.Header = modernHeader("subscriptions/listen", "")
		g.ServeHTTP(&piped{http.Header{}, w}, request)
		_ = w.Close()
	}()
	buf := make([]byte, 4096)
	n, err := r.Read(buf)
	for !strings.Contains(string(buf[:n]), "acknowledged") && err == nil {
		n, err = r.Read(buf)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	rest, _ := io.ReadAll(r)
	<-answered
	if want := event(`{"jsonrpc":"2.0","id":5,"result":{"resultType":"complete","_meta":{"io.modelcontextprotocol/subscriptionId":5}}}`); !strings.HasSuffix(string(rest), want) {
		t.Errorf("%s, want %s", rest, want)
	}
}

// piped is a response that is read while it is written.
type piped struct {
	header http.Header
	w      *io.PipeWriter
}

func (p *piped) Header() http.Header         { return p.header }
func (p *piped) WriteHeader(int)             {}
func (p *piped) Flush()                      {}
func (p *piped) Write(b []byte) (int, error) { return p.w.Write(b) }

// TestSessionStream has a session hear of what belongs to no call.
func TestSessionStream(t *testing.T) {
	asked, tell := make(chan string, 4), make(chan string)
	of := watched(asked, tell)
	b := start(t, nil, of)
	id := b.initialize("/mcp/one", clientParams)
	h := sessionHeader(id)
	h.Set("Accept", "text/event-stream")
	first := b.open(t, http.MethodGet, "/mcp/one", "", h)
	s := b.open(t, http.MethodGet, "/mcp/one", "", h)
	if got := first.next(); got != "" {
		t.Errorf("the first of two streams goes on: %s", got)
	}
	if a := b.old("/mcp/one", id, "resources/subscribe", `"uri":"x://a"`); a.body != `{"jsonrpc":"2.0","id":7,"result":{}}` {
		t.Error(a.body)
	}
	if got, want := <-asked, `subscriptions/listen ["x://a"]`; got != want {
		t.Errorf("the server was asked %s, want %s", got, want)
	}
	tell <- updatedByServer
	if got, want := s.next(), `{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"x://a"}}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if a := b.old("/mcp/one", id, "resources/unsubscribe", `"uri":"x://a"`); a.body != `{"jsonrpc":"2.0","id":7,"result":{}}` {
		t.Error(a.body)
	}
	if got := <-asked; got != "end" {
		t.Errorf("the server is asked %s", got)
	}
	other := of
	other.contents.Tools = append(other.contents.Tools, tool("other"))
	b.set(other)
	if got, want := s.next(), `{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{}}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestStreamLimits bounds how many streams there are.
func TestStreamLimits(t *testing.T) {
	b := start(t, &mcp.Options{Local: true, MaxStreams: 3, MaxOwn: 2}, one())
	body := fmt.Sprintf(`{"jsonrpc":"2.0","id":5,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},"_meta":%s}}`, meta)
	header := modernHeader("subscriptions/listen", "")
	first := b.open(t, http.MethodPost, "/mcp/one", body, header)
	first.next()
	b.open(t, http.MethodPost, "/mcp/one", body, header).next()
	if a := b.send(http.MethodPost, "/mcp/one", body, header); !strings.Contains(a.body, `"code":429`) {
		t.Errorf("a third one of a user: %s", a.body)
	}
	other := changed(header, "Authorization", "Bearer "+token+"-2")
	b.open(t, http.MethodPost, "/mcp/one", body, other).next()
	if a := b.send(http.MethodPost, "/mcp/one", body, other); !strings.Contains(a.body, `"code":429`) {
		t.Errorf("a fourth one: %s", a.body)
	}
	first.cancel()
	for b.open(t, http.MethodPost, "/mcp/one", body, header).status != 200 {
	}
}

// TestCallLimit bounds how many requests are under way.
func TestCallLimit(t *testing.T) {
	of := one()
	began, release := make(chan struct{}), make(chan struct{})
	of.component = func(w http.ResponseWriter, r *http.Request, _ *lattice.Invocation) error {
		began <- struct{}{}
		<-release
		return result(w, r, "{}")
	}
	b := start(t, &mcp.Options{Local: true, MaxCalls: 1}, of)
	first := make(chan *answer)
	go func() { first <- b.call("/mcp/one", "echo") }()
	<-began
	if a := b.call("/mcp/one", "echo"); a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, `"code":503`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	close(release)
	<-first
}
