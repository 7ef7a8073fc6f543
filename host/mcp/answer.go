package mcp

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/internal/rawjson"
	"github.com/wattle-dev/wattle/lattice"
)

// answer is the answer to a request on its way: one JSON text, or, from the first
// notification on, a stream of events.
type answer struct {
	w      http.ResponseWriter
	ctx    context.Context //nolint:containedctx // it is that of the request
	header http.Header     // of what is sent, besides
	q      *Request

	mu     sync.Mutex
	stream bool
	sent   int   // notifications
	failed error // of writing
}

// notify sends a notification, unless the client has not asked for such.
func (a *answer) notify(method string, params json.RawMessage) error {
	if !a.q.wants(method, params) {
		return nil
	}
	text := rawjson.Object{{Name: "jsonrpc", Value: json.RawMessage(`"2.0"`)}, {Name: "method", Value: rawjson.Quote(method)}}
	if params != nil {
		text = text.Set("params", params)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sent++; a.sent > MaxNotifications {
		return a.failed
	}
	if !a.stream {
		a.stream = true
		a.head("text/event-stream")
		a.w.Header().Set("X-Accel-Buffering", "no")
		a.w.WriteHeader(http.StatusOK)
	}
	release := a.guard()
	a.event(text.JSON())
	release()
	return a.failed
}

// guard has the end of the request's time end a write that waits for the client, until
// release is called.
func (a *answer) guard() (release func()) {
	ctl, broken := http.NewResponseController(a.w), make(chan struct{})
	stop := context.AfterFunc(a.ctx, func() {
		_ = ctl.SetWriteDeadline(time.Unix(1, 0)) // or it ends when it ends
		close(broken)
	})
	return func() {
		if !stop() {
			<-broken
			_ = ctl.SetWriteDeadline(time.Time{}) // the error that follows is to be sent
		}
	}
}

func (a *answer) head(contentType string) {
	h := a.w.Header()
	maps.Copy(h, a.header)
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-store")
}

// event sends a message as an event.
func (a *answer) event(text []byte) {
	if a.failed != nil {
		return
	}
	b := make([]byte, 0, len(text)+24)
	b = append(append(append(b, "event: message\ndata: "...), text...), "\n\n"...)
	if _, err := a.w.Write(b); err != nil {
		a.failed = errGone
	} else {
		_ = http.NewResponseController(a.w).Flush() // it can, or nobody waits for it
	}
}

// end sends the response.
func (a *answer) end(status int, text []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stream {
		a.event(text)
		return
	}
	a.head("application/json")
	a.w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	a.w.WriteHeader(status)
	if _, err := a.w.Write(text); err != nil {
		a.failed = errGone
	}
}

// errGone is the error of a client that does not take the answer.
var errGone = &lattice.Error{Code: lattice.CodeCanceled, Message: "the caller has gone"}

// resultText returns a response with a result.
func resultText(id, result json.RawMessage) []byte {
	b := make([]byte, 0, len(id)+len(result)+64)
	b = append(append(append(b, `{"jsonrpc":"2.0","id":`...), id...), `,"result":`...)
	return append(append(b, result...), '}')
}

// errorText returns a response with an error. id may be nil.
func errorText(id json.RawMessage, e *Error, reasons bool) []byte {
	message := e.Message
	if reasons {
		message = e.Error()
	}
	about := rawjson.Object{
		{Name: "code", Value: json.RawMessage(strconv.Itoa(e.Code))},
		{Name: "message", Value: rawjson.Quote(message)},
	}
	if e.Data != nil {
		about = about.Set("data", e.Data)
	}
	text := rawjson.Object{{Name: "jsonrpc", Value: json.RawMessage(`"2.0"`)}}
	if id != nil {
		text = text.Set("id", id)
	}
	return text.Set("error", about.JSON()).JSON()
}

// levels are those of messages, the least first (2026-07-28, logging).
var levels = []string{"debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"}

// wants reports whether a notification is for the client that made the request. What the
// component sends besides is left out: it could be taken for what another one sent.
func (q *Request) wants(method string, params json.RawMessage) bool {
	const listen = "subscriptions/listen"
	switch method {
	case "notifications/progress":
		members, err := rawjson.Members(params)
		return err == nil && q.params.progressToken != nil && sameID(members.Get("progressToken"), q.params.progressToken)
	case "notifications/message":
		members, err := rawjson.Members(params)
		if err != nil || q.params.logLevel == "" {
			return false
		}
		level, _ := rawjson.Text(members.Get("level"))
		return slices.Index(levels, level) >= max(slices.Index(levels, q.params.logLevel), 0)
	case "notifications/cancelled", "notifications/initialized", "notifications/roots/list_changed":
		return false // clients send those
	case "notifications/tools/list_changed", "notifications/prompts/list_changed", "notifications/resources/list_changed",
		"notifications/resources/updated", "notifications/subscriptions/acknowledged":
		return q.Method == listen
	}
	return q.Method != listen
}
