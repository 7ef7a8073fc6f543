package mcp_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/providers/mcp"
)

// says is a component that answers with a type and a text.
func says(status int, contentType, text string) component {
	return func(w http.ResponseWriter, _ *http.Request, _ *lattice.Invocation) error {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, err := io.WriteString(w, text)
		return err
	}
}

// event is a message on a stream.
func event(text string) string { return "event: message\ndata: " + text + "\n\n" }

const (
	finalMessage = `{"jsonrpc":"2.0","id":7,"result":{"resultType":"complete"}}`
	stepMessage  = `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}`
)

// TestHostileComponents has components answer in every wrong way. The client gets a
// response, and is told what is wrong.
func TestHostileComponents(t *testing.T) {
	const stream = "text/event-stream"
	var ended <-chan struct{}
	endless := func(text string) component {
		return func(w http.ResponseWriter, r *http.Request, _ *lattice.Invocation) error {
			w.Header().Set("Content-Type", stream)
			ended = r.Context().Done()
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, text); err != nil {
					return err
				}
			}
			return r.Context().Err()
		}
	}
	for _, test := range []struct {
		name      string
		component component
		code      int
		text      string
	}{
		{"html", says(200, "text/html", "<p>"), -32603, "not with MCP"},
		{"no type", says(200, "", finalMessage), -32603, "not with MCP"},
		{"a failure", says(500, "text/plain", "panic"), -32603, "status 500"},
		{"a redirect", says(302, "text/html", ""), -32603, "status 302"},
		{"nothing", says(200, "application/json", ""), -32603, "no message"},
		{"no status", func(http.ResponseWriter, *http.Request, *lattice.Invocation) error { return nil }, -32603, "did not answer"},
		{"no JSON", says(200, "application/json", "oops"), -32603, "no message"},
		{"two documents", says(200, "application/json", finalMessage+finalMessage), -32603, "no message"},
		{"another id", says(200, "application/json", strings.Replace(finalMessage, "7", "8", 1)), -32603, "not that of its request"},
		{"an id that is a text", says(200, "application/json", strings.Replace(finalMessage, "7", `"7"`, 1)), -32603, "not that of its request"},
		{"no id", says(200, "application/json", `{"jsonrpc":"2.0","result":{}}`), -32603, "no message"},
		{"result and error", says(200, "application/json", `{"jsonrpc":"2.0","id":7,"result":{},"error":{"code":1}}`), -32603, "no message"},
		{"result twice", says(200, "application/json", `{"jsonrpc":"2.0","id":7,"result":{},"result":{}}`), -32603, "twice"},
		{"a notification alone", says(200, "application/json", stepMessage), -32603, "without a response"},
		{"a request alone", says(200, "application/json", `{"jsonrpc":"2.0","id":1,"method":"roots/list"}`), -32603, "roots/list"},
		{"an empty stream", says(200, stream, ""), -32603, "without a response"},
		{"a stream of comments", says(200, stream, ":\n\n:\n\n"), -32603, "without a response"},
		{"a stream of blanks", says(200, stream, "data:\n\ndata: \n\n"), -32603, "without a response"},
		{"a stream without response", says(200, stream, event(stepMessage)), -32603, "without a response"},
		{"a stream with a request", says(200, stream, event(`{"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{}}`)), -32603, "elicitation/create"},
		{"a stream with another id", says(200, stream, event(strings.Replace(finalMessage, "7", "8", 1))), -32603, "not that of its request"},
		{"a stream of no JSON", says(200, stream, "data: oops\n\n"), -32603, "no message"},
		{"events of another type", says(200, stream, "event: endpoint\ndata: "+finalMessage+"\n\n"), -32603, "without a response"},
		{"an endless stream", endless(event(stepMessage)), -32603, "more than 50 messages"},
		{"endless comments", endless(":\n\n"), 504, "timed out"},
		{"an endless line", endless("data: x"), -32603, "more than 65536 bytes"},
		{"an endless event", endless("data: x\n"), -32603, "more than 65536 bytes"},
		{"gigabytes", func(w http.ResponseWriter, _ *http.Request, _ *lattice.Invocation) error {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "4294967296")
			chunk := bytes.Repeat([]byte(" "), 1<<16)
			for range 1 << 16 {
				if _, err := w.Write(chunk); err != nil {
					return err
				}
			}
			t.Error("all of it was taken")
			return nil
		}, -32603, "more than 65536 bytes"},
		{"breaking off", func(w http.ResponseWriter, _ *http.Request, _ *lattice.Invocation) error {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, finalMessage[:20])
			panic(http.ErrAbortHandler)
		}, -32603, "failed"},
		{"a trap", func(http.ResponseWriter, *http.Request, *lattice.Invocation) error {
			return &lattice.Error{Code: lattice.CodeTrapped, Message: "unreachable executed"}
		}, -32603, "failed"},
		{"silence", func(_ http.ResponseWriter, r *http.Request, _ *lattice.Invocation) error {
			<-r.Context().Done()
			return r.Context().Err()
		}, 504, "timed out"},
		{"nobody", nil, 503, "cannot be reached"},
		{"denied", func(http.ResponseWriter, *http.Request, *lattice.Invocation) error { return lattice.ErrDenied }, 403, "may not be called"},
		{"busy", func(http.ResponseWriter, *http.Request, *lattice.Invocation) error { return lattice.ErrExhausted }, 503, "busy"},
		{"lost", func(http.ResponseWriter, *http.Request, *lattice.Invocation) error {
			return &lattice.Error{Code: lattice.CodeUnavailable, Message: "host lost"}
		}, 503, "may have had effects"},
		{"unknown", func(http.ResponseWriter, *http.Request, *lattice.Invocation) error { return errors.New("boom") }, -32603, "failed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			of := one()
			of.component = test.component
			if test.code == http.StatusGatewayTimeout {
				of.mcp.TimeoutMillis = 100
			}
			b := start(t, &mcp.Options{Local: true, MaxAnswer: 65536, MaxMessages: 50}, of)
			ended = nil
			// The progress of an endless stream is what the client asked for.
			body := fmt.Sprintf(`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","_meta":%s}}`, strings.Replace(meta, "{", `{"progressToken":1,`, 1))
			a := b.send(http.MethodPost, "/mcp/one", body, modernHeader("tools/call", "echo"))
			code, text := a.error(t)
			if a.status != 200 || code != test.code || !strings.Contains(text, test.text) {
				t.Errorf("status %d, code %d %q, want 200, %d, %q", a.status, code, text, test.code, test.text)
			}
			if !strings.HasPrefix(a.last(), `{"jsonrpc":"2.0","id":7,`) {
				t.Errorf("response %s", a.last())
			}
			if ended != nil {
				<-ended
			}
		})
	}
}

// TestMemory has a component send gigabytes, and looks at how much of them is kept.
func TestMemory(t *testing.T) {
	of := one()
	of.component = func(w http.ResponseWriter, r *http.Request, _ *lattice.Invocation) error {
		w.Header().Set("Content-Type", "text/event-stream")
		big := []byte(event(`{"jsonrpc":"2.0","method":"notifications/other","params":{"x":"` + strings.Repeat("y", 1<<19) + `"}}`))
		for range 32 {
			if _, err := w.Write(big); err != nil {
				return err
			}
		}
		_, err := io.WriteString(w, event(finalMessage))
		return err
	}
	b := start(t, nil, of)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	a := b.call("/mcp", "one_echo")
	runtime.ReadMemStats(&after)
	if a.last() != finalMessage {
		t.Error(a.body)
	}
	if more := after.TotalAlloc - before.TotalAlloc; more > 8<<20 {
		t.Errorf("%d MiB were allocated for a stream of 16 MiB", more>>20)
	}
}

// TestHeld bounds what all answers together take.
func TestHeld(t *testing.T) {
	of := one()
	half, rest := make(chan struct{}), make(chan struct{})
	// In buffers of 256 KiB, of which two are allowed.
	large := `{"jsonrpc":"2.0","id":7,"result":{"x":"` + strings.Repeat("y", 200<<10) + `"}}`
	of.component = func(w http.ResponseWriter, _ *http.Request, _ *lattice.Invocation) error {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", fmt.Sprint(len(large)))
		if _, err := io.WriteString(w, large[:150<<10]); err != nil {
			return err
		}
		half <- struct{}{}
		<-rest
		_, _ = io.WriteString(w, large[150<<10:])
		return nil
	}
	b := start(t, &mcp.Options{Local: true, MaxHeld: 512 << 10}, of)
	first := make(chan *answer)
	go func() { first <- b.call("/mcp/one", "echo") }()
	<-half
	other := make(chan *answer)
	var codes []int
	for range 4 {
		go func() { other <- b.call("/mcp/one", "echo") }()
		select {
		case <-half:
		case a := <-other:
			code, _ := a.error(t)
			codes = append(codes, code)
		}
	}
	if len(codes) == 0 || codes[0] != 503 {
		t.Errorf("codes %v: not one of many large answers was refused", codes)
	}
	close(rest)
	if a := <-first; a.body != large {
		t.Errorf("the first answer is %.100s", a.body)
	}
	for range 4 - len(codes) {
		<-other
	}
	// What was held is given back when handlers return, a moment after their answers.
	for {
		go func() { other <- b.call("/mcp/one", "echo") }()
		select {
		case <-half:
			if a := <-other; a.body != large {
				t.Errorf("when all is over: %.100s", a.body)
			}
			return
		case <-other:
		}
	}
}

// TestHeldRequests bounds what requests take.
func TestHeldRequests(t *testing.T) {
	of := one()
	began, release := make(chan struct{}), make(chan struct{})
	of.component = func(w http.ResponseWriter, r *http.Request, _ *lattice.Invocation) error {
		began <- struct{}{}
		<-release
		return result(w, r, "{}")
	}
	b := start(t, &mcp.Options{Local: true, MaxHeld: 512 << 10}, of)
	body := fmt.Sprintf(`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":{"x":"%s"},"_meta":%s}}`, strings.Repeat("y", 200<<10), meta)
	first := make(chan *answer)
	go func() { first <- b.send(http.MethodPost, "/mcp/one", body, modernHeader("tools/call", "echo")) }()
	<-began
	if a := b.send(http.MethodPost, "/mcp/one", body, modernHeader("tools/call", "echo")); a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, "retryAfterMs") {
		t.Errorf("a second one: %d %s", a.status, a.body)
	}
	go func() { first <- b.call("/mcp/one", "echo") }()
	<-began
	close(release)
	for range 2 {
		if a := <-first; a.status != 200 {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
}

// TestStream has a component stream in ways that are allowed.
func TestStream(t *testing.T) {
	pretty := strings.ReplaceAll(finalMessage, ",", ",\r\n  ")
	for name, text := range map[string]string{
		"plain":             event(stepMessage) + event(finalMessage),
		"line feeds":        strings.ReplaceAll(event(stepMessage)+event(finalMessage), "\n", "\r\n"),
		"several lines":     event(stepMessage) + "data: " + strings.ReplaceAll(pretty, "\r\n", "\ndata: ") + "\n\n",
		"other fields":      "id: 1\nretry: 5\n\n: hello\n" + event(stepMessage) + "data:" + finalMessage + "\nid: 7\n\n",
		"no end":            event(stepMessage) + "data: " + finalMessage,
		"byte order mark":   "\xef\xbb\xbf" + event(stepMessage) + event(finalMessage),
		"a second response": event(stepMessage) + event(finalMessage) + event(strings.Replace(finalMessage, "complete", "other", 1)),
		"what is not asked": event(`{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"error","data":"x"}}`) +
			event(`{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}`) +
			event(strings.Replace(stepMessage, `"progressToken":1`, `"progressToken":2`, 1)) + event(stepMessage) + event(finalMessage),
	} {
		for _, size := range []int{1, 7, 1 << 20} {
			t.Run(fmt.Sprint(name, size), func(t *testing.T) {
				of := one()
				of.component = func(w http.ResponseWriter, r *http.Request, _ *lattice.Invocation) error {
					w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
					for rest := text; rest != ""; {
						n := min(size, len(rest))
						if _, err := io.WriteString(w, rest[:n]); err != nil {
							return err
						}
						rest = rest[n:]
					}
					return nil
				}
				b := start(t, nil, of)
				body := fmt.Sprintf(`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"one_echo","_meta":%s}}`, strings.Replace(meta, "{", `{"progressToken":1,`, 1))
				a := b.send(http.MethodPost, "/mcp", body, modernHeader("tools/call", "one_echo"))
				if len(a.messages) != 2 || string(a.messages[0]) != stepMessage || strings.ReplaceAll(a.last(), " ", "") != finalMessage {
					t.Errorf("got %s", a.body)
				}
				if a.header.Get("X-Accel-Buffering") != "no" || a.header.Get("Content-Type") != "text/event-stream" {
					t.Errorf("header %v", a.header)
				}
			})
		}
	}
}

// TestGoingOn has a component go on after its response: it is stopped.
func TestGoingOn(t *testing.T) {
	stopped := make(chan struct{})
	of := one()
	of.component = func(w http.ResponseWriter, r *http.Request, _ *lattice.Invocation) error {
		defer close(stopped)
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, event(finalMessage))
		<-r.Context().Done()
		return r.Context().Err()
	}
	b := start(t, nil, of)
	if a := b.call("/mcp/one", "echo"); a.last() != finalMessage {
		t.Error(a.body)
	}
	<-stopped
}

// TestStatus has codes of components be seen in the status, as the modern transport wants.
func TestStatus(t *testing.T) {
	for code, status := range map[int]int{-32601: 404, -32020: 400, -32021: 400, -32022: 400, -32602: 200, -32603: 200, 1: 200} {
		of := one()
		of.component = says(200, "application/json", fmt.Sprintf(`{"jsonrpc":"2.0","id":7,"error":{"code":%d,"message":"m","data":{"a":1}}}`, code))
		b := start(t, nil, of)
		a := b.call("/mcp/one", "echo")
		if got, _ := a.error(t); got != code || a.status != status || !strings.Contains(a.body, `"data":{"a":1}`) {
			t.Errorf("%d: status %d: %s", code, a.status, a.body)
		}
	}
}

// TestLargeID has components that read numbers as floating point answer a request whose id
// they cannot repeat.
func TestLargeID(t *testing.T) {
	of := one()
	b := start(t, nil, of)
	body := fmt.Sprintf(`{"jsonrpc":"2.0","id":12345678901234567890,"method":"tools/call","params":{"name":"echo","_meta":%s}}`, meta)
	a := b.send(http.MethodPost, "/mcp/one", body, modernHeader("tools/call", "echo"))
	if want := `{"jsonrpc":"2.0","id":12345678901234567890,"result":{"resultType":"complete","content":[]}}`; a.body != want {
		t.Errorf("got %s, want %s", a.body, want)
	}
}
