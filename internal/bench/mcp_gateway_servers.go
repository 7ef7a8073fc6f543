package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/catalogue"
	"github.com/wattle-dev/wattle/lattice/directory"
	"github.com/wattle-dev/wattle/providers/mcp"
	"github.com/wattle-dev/wattle/wit"
)

// Tools of the servers without a component, and how many events the second one sends.
const (
	echoTool     = "echo"
	progressTool = "progress"
	steps        = 10
)

// Servers of the gateway that is measured.
const (
	bigServer  = "big" // has bigTools tools
	bigTools   = 1000
	deadServer = "s07" // of many servers, the one whose host does not answer
	many       = 20
	deadAfter  = time.Second // is how long a call of it takes
)

// gatewayToken begins the tokens that the gateway takes. What is behind it is who asks.
const gatewayToken = "bench-token-"

// buffers are for copying bodies.
var buffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// pooled has a proxy use them.
type pooled struct{}

func (pooled) Get() []byte  { return buffers.Get().(*[32 << 10]byte)[:] } //nolint:forcetypeassert // it has no others
func (pooled) Put(b []byte) { buffers.Put((*[32 << 10]byte)(b)) }

// serveHere serves on the loopback interface until the standard input ends.
func serveHere(ctx context.Context, h http.Handler) error {
	l, err := listen(ctx)
	if err != nil {
		return err
	}
	s := &http.Server{ReadHeaderTimeout: time.Minute, Handler: h}
	fmt.Printf("http://%s\n", l.Addr())
	return untilEOF(func() error { return s.Serve(l) }, func() { _ = s.Close() })
}

// native is MCP without a component: at /plain what is as fast as a server can be, at /sdk
// the same tools by the official SDK, at /bytes an answer that is always the same.
func native() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/plain", plain)
	mux.Handle("/sdk", sdkServer())
	filler := bytes.Repeat([]byte{'x'}, listBytes)
	mux.HandleFunc("/bytes", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		head := slices.Concat([]byte(`{"jsonrpc":"2.0","id":`), after(body, `"id":`), []byte(`,"result":"`))
		w.Header()["Content-Length"] = []string{strconv.Itoa(len(head) + len(filler) + len(`"}`))}
		for _, part := range [][]byte{head, filler, []byte(`"}`)} {
			_, _ = w.Write(part)
		}
	})
	return mux
}

// listBytes is about how many bytes the list of bigTools tools has.
const listBytes = 423 << 10

// plain answers a call of either tool. It reads of a message only what it needs.
func plain(w http.ResponseWriter, r *http.Request) {
	body := make([]byte, max(r.ContentLength, 0))
	if _, err := io.ReadFull(r.Body, body); err != nil {
		http.Error(w, "no body", http.StatusBadRequest)
		return
	}
	id, text, token := after(body, `"id":`), after(body, `"text":`), after(body, `"progressToken":`)
	switch {
	case id == nil:
		w.WriteHeader(http.StatusAccepted)
		return
	case text == nil: // it is initialize
		text = []byte(`""`)
	}
	answer := slices.Concat([]byte(`{"jsonrpc":"2.0","id":`), id,
		[]byte(`,"result":{"resultType":"complete","content":[{"type":"text","text":`), text, []byte(`}]}}`))
	if token == nil {
		w.Header()["Content-Type"] = []string{"application/json"}
		w.Header()["Content-Length"] = []string{strconv.Itoa(len(answer))}
		_, _ = w.Write(answer)
		return
	}
	w.Header()["Content-Type"] = []string{"text/event-stream"}
	flush := http.NewResponseController(w)
	for i := range steps {
		_, _ = fmt.Fprintf(w, "event: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":%s,\"progress\":%d,\"total\":%d}}\n\n", token, i+1, steps)
		_ = flush.Flush()
	}
	_, _ = fmt.Fprintf(w, "event: message\ndata: %s\n\n", answer)
}

// after returns the JSON value that is behind a text, nil if the text is not there. The
// value is a number, or a string without escapes.
func after(body []byte, text string) []byte {
	i := bytes.Index(body, []byte(text))
	if i < 0 {
		return nil
	}
	rest := body[i+len(text):]
	end := bytes.IndexAny(rest, ",}")
	if len(rest) > 0 && rest[0] == '"' {
		end = bytes.IndexByte(rest[1:], '"') + 2
	}
	return rest[:max(end, 0)]
}

// sdkServer serves the same tools by the official SDK.
func sdkServer() http.Handler {
	type arguments struct {
		Text string `json:"text"`
	}
	answer := func(in arguments) (*sdk.CallToolResult, any, error) {
		return &sdk.CallToolResult{Content: []sdk.Content{&sdk.TextContent{Text: in.Text}}}, nil, nil
	}
	s := sdk.NewServer(&sdk.Implementation{Name: "native", Version: "1"}, nil)
	sdk.AddTool(s, &sdk.Tool{Name: echoTool}, func(_ context.Context, _ *sdk.CallToolRequest, in arguments) (*sdk.CallToolResult, any, error) {
		return answer(in)
	})
	sdk.AddTool(s, &sdk.Tool{Name: progressTool}, func(ctx context.Context, req *sdk.CallToolRequest, in arguments) (*sdk.CallToolResult, any, error) {
		for i := range steps {
			err := req.Session.NotifyProgress(ctx, &sdk.ProgressNotificationParams{ProgressToken: req.Params.GetProgressToken(), Progress: float64(i + 1), Total: steps})
			if err != nil {
				return nil, nil, err
			}
		}
		return answer(in)
	})
	return sdk.NewStreamableHTTPHandler(func(*http.Request) *sdk.Server { return s }, &sdk.StreamableHTTPOptions{Stateless: true})
}

// backendTransport is how a proxy and the gateway reach the server behind them.
func backendTransport() *http.Transport {
	return &http.Transport{MaxIdleConnsPerHost: 512, DisableCompression: true}
}

// serveProxy serves what the standard library has for the purpose.
func serveProxy(ctx context.Context, backend string) error {
	u, err := url.Parse(backend)
	if err != nil {
		return err
	}
	return serveHere(ctx, &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(u)
			r.Out.Body = &ended{r.Out.Body, r.Out.ContentLength}
		},
		Transport: backendTransport(), FlushInterval: -1, BufferPool: pooled{},
	})
}

// ended is a body that is not asked whether it has ended. The transport looks for more
// behind a body that it has sent. If the answer is there by then, the server has closed the
// body, and the transport takes that for a failure and breaks the answer off, which happens
// now and then on a busy machine.
type ended struct {
	io.ReadCloser
	left int64
}

func (e *ended) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n, err := e.ReadCloser.Read(p)
	e.left -= int64(n)
	return n, err
}

// forwarder is a lattice whose components are native servers: what is measured then is the
// gateway, and nothing of hosts.
type forwarder struct {
	backend   *url.URL
	transport *http.Transport
	servers   []*directory.Server
}

// All and ServersChanged implement mcp.Servers.
func (f *forwarder) All() []*directory.Server        { return f.servers }
func (f *forwarder) ServersChanged() <-chan struct{} { return nil }

// Call implements lattice.Invoker.
func (f *forwarder) Call(context.Context, *lattice.Invocation, *wit.Func, []wit.Value) ([]wit.Value, error) {
	return nil, errors.New("there are no functions")
}

// HTTP implements lattice.Invoker.
func (f *forwarder) HTTP(w http.ResponseWriter, r *http.Request, inv *lattice.Invocation) error {
	to := *f.backend
	switch inv.Target {
	case deadServer:
		<-r.Context().Done()
		return context.Cause(r.Context())
	case "sdk":
		to.Path = "/sdk"
	default:
		to.Path = "/plain"
	}
	r.URL, r.RequestURI, r.Host = &to, "", to.Host
	resp, err := f.transport.RoundTrip(r)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	maps.Copy(w.Header(), resp.Header)
	w.WriteHeader(resp.StatusCode)
	b := pooled{}.Get()
	defer pooled{}.Put(b)
	for {
		n, err := resp.Body.Read(b)
		if n > 0 {
			if _, err := w.Write(b[:n]); err != nil {
				return err
			}
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// add has there be a server.
func (f *forwarder) add(m lattice.MCP, tools ...json.RawMessage) error {
	m.Alias = string(m.Name)
	contents := catalogue.Clean(&catalogue.Contents{Versions: []string{"2026-07-28"}, Capabilities: json.RawMessage(`{"tools":{},"logging":{}}`), Tools: tools})
	if len(contents.Problems) > 0 {
		return fmt.Errorf("tools of %q: %v", m.Name, contents.Problems)
	}
	id := lattice.ComponentID(m.Name)
	f.servers = append(f.servers, &directory.Server{
		Component: id, MCP: &m, Listing: &catalogue.Listing{Component: id, Contents: *contents}, Hosts: []lattice.HostID{"NHOST"}, Assigned: 1,
	})
	return nil
}

// definition is that of a tool.
func definition(name, description string) json.RawMessage {
	return fmt.Appendf(nil, `{"name":%q,"description":%q,"inputSchema":{"type":"object","properties":{"text":{"type":"string","description":"what is to be said"}},"required":["text"]},"annotations":{"readOnlyHint":true}}`, name, description)
}

// bigTool is one of the tools of the server that has many.
func bigTool(i int) (name, description string) {
	subjects := []string{"customer", "invoice", "shipment", "ticket", "calendar", "contract", "warehouse", "employee", "vehicle", "payment"}
	verbs := []string{"create", "read", "update", "delete", "list", "search", "archive", "export", "import", "approve"}
	subject, verb := subjects[i%10], verbs[i/10%10]
	return fmt.Sprintf("%s_%s_%03d", verb, subject, i), fmt.Sprintf("Has the %s service of region%d %s a %s, and tells what has become of it. "+
		"It takes what the form of the department has, checks it against the rules of the house, and fails without a trace if they are not met.", subject, i, verb, subject)
}

// newRelay returns a gateway as wattle up has one, but for the hosts: behind it are native
// servers.
func newRelay(backend string) (*mcp.Gateway, error) {
	u, err := url.Parse(backend)
	if err != nil {
		return nil, err
	}
	f := &forwarder{backend: u, transport: backendTransport()}
	own := []json.RawMessage{definition(echoTool, "Returns the text it is given."), definition(progressTool, "Returns it and tells how far it is.")}
	var errs []error
	for _, name := range []lattice.ServerName{"plain", "sdk"} {
		errs = append(errs, f.add(lattice.MCP{Name: name, Single: true}, own...))
	}
	all := make([]json.RawMessage, bigTools)
	for i := range all {
		all[i] = definition(bigTool(i))
	}
	errs = append(errs, f.add(lattice.MCP{Name: bigServer, Single: true}, all...))
	for i := range many {
		errs = append(errs, f.add(lattice.MCP{Name: lattice.ServerName(fmt.Sprintf("s%02d", i)), TimeoutMillis: deadAfter.Milliseconds()}, own...))
	}
	slices.SortFunc(f.servers, func(a, b *directory.Server) int { return cmp.Compare(a.MCP.Name, b.MCP.Name) })
	g, err := mcp.New(f, f, &mcp.Options{Local: true, Authenticate: func(r *http.Request) (*mcp.Principal, error) {
		who, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "+gatewayToken)
		if !ok {
			return nil, mcp.ErrUnauthenticated
		}
		return &mcp.Principal{Subject: who}, nil
	}})
	return g, errors.Join(append(errs, err)...)
}

// serveRelay serves the gateway. At /resident it says what it has in memory when its
// garbage is gone. If profile is not empty, a profile of its processor time goes there.
func serveRelay(ctx context.Context, backend, profile string) error {
	if profile != "" {
		stop, err := profiled(profile)
		if err != nil {
			return err
		}
		defer stop()
	}
	g, err := newRelay(backend)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	var runs sync.WaitGroup
	runs.Go(func() { _ = g.Run(ctx) })
	defer runs.Wait()
	defer cancel()
	mux := http.NewServeMux()
	mux.Handle(mcp.Path, g)
	mux.Handle(mcp.Path+"/", g)
	mux.HandleFunc("/resident", func(w http.ResponseWriter, _ *http.Request) {
		m, err := resident()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(m)
	})
	return serveHere(ctx, mux)
}

// hostOf returns the host and port of a URL.
func hostOf(rawURL string) (string, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return "", err
	}
	if _, _, err := net.SplitHostPort(u.Host); err != nil {
		return "", err
	}
	return u.Host, nil
}
