package mcp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/lattice"
)

// linger is how long a component may go on after its response before it is stopped.
const linger = time.Second

// maxExcerpt is how much of a response that is no message is told as a reason.
const maxExcerpt = 512

// post is a message to a component that speaks MCP over HTTP.
type post struct {
	path, host string
	header     http.Header // besides those that every message has
	body       []byte
	id         json.RawMessage // nil for a notification
	inv        *lattice.Invocation
	// notify is given the notifications before the response. It may be nil.
	notify func(method string, params json.RawMessage) error
	most   int // bytes of a message
}

// ask posts a message to the instance of a session, and returns the response to it, nil
// for a notification, and the header that came with it.
func (p *post) ask(ctx context.Context, s *Session) (*message, http.Header, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+p.host+p.path, bytes.NewReader(p.body))
	if err != nil {
		return nil, nil, fault("the component has no address", err.Error())
	}
	r.RequestURI = p.path
	maps.Copy(r.Header, p.header)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	r.Header.Set("Content-Length", strconv.Itoa(len(p.body)))
	t := &reply{post: p, header: http.Header{}, stop: stop}
	t.events = events{most: p.most, take: t.message}
	err = t.serve(s, r)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.lingering != nil {
		t.lingering.Stop()
	}
	switch {
	case t.response != nil: // whatever came after it
		return t.response, t.header, nil
	case t.fault != nil:
		return nil, t.header, t.fault
	case err != nil:
		return nil, t.header, err
	}
	return t.whole()
}

// reply is what a component answers, while it does.
type reply struct {
	post   *post
	header http.Header
	status int
	stop   context.CancelFunc // ends the call

	mu        sync.Mutex
	streams   bool // it is a stream of events
	events    events
	body      []byte // of one that is not
	response  *message
	fault     error
	lingering *time.Timer
}

// serve has the session answer.
func (t *reply) serve(s *Session, r *http.Request) (err error) {
	defer func() {
		switch v := recover(); v {
		case nil:
		case http.ErrAbortHandler:
			err = errCut
		default:
			panic(v)
		}
	}()
	return s.HTTP(t, r, t.post.inv)
}

var errCut = errors.New("the response was cut off")

// Header implements http.ResponseWriter.
func (t *reply) Header() http.Header { return t.header }

// WriteHeader implements http.ResponseWriter.
func (t *reply) WriteHeader(status int) {
	if status < 200 || t.status != 0 {
		return // it is not the last one
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.status = status
	kind, _, _ := mime.ParseMediaType(t.header.Get("Content-Type"))
	t.streams = kind == "text/event-stream"
}

// Flush implements http.Flusher.
func (t *reply) Flush() {}

// Write implements io.Writer.
func (t *reply) Write(b []byte) (int, error) {
	if t.status == 0 {
		t.WriteHeader(http.StatusOK)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.response != nil, t.fault != nil:
		// It was said that nobody listens any more.
	case t.streams:
		if err := t.events.write(b); err != nil {
			t.fail(fault(fmt.Sprintf("the server sent an event of more than %d bytes", t.post.most), ""))
		}
	case len(t.body)+len(b) > t.post.most:
		t.fail(fault(fmt.Sprintf("the server answered with more than %d bytes", t.post.most), ""))
	default:
		t.body = append(t.body, b...)
	}
	return len(b), nil
}

// fail ends the call. It is called with the lock.
func (t *reply) fail(err error) {
	if t.fault == nil {
		t.fault = err
	}
	t.stop()
}

// message takes an event of a stream. It is called with the lock.
func (t *reply) message(data []byte) {
	if t.response != nil || t.fault != nil || t.post.id == nil {
		return
	}
	m, err := parse(data)
	if err != nil {
		t.fail(fault("the server sent an event that is no message", err.Error()))
		return
	}
	switch {
	case m.method != "" && m.id != nil:
		t.fail(&Error{
			Code:    CodeInternal,
			Message: fmt.Sprintf("the server sends the client the request %.80q, which it can do only as a result of revision %s: inputRequests", m.method, Version),
		})
	case m.method != "":
		if t.post.notify == nil {
			return
		}
		if err := t.post.notify(m.method, m.params); err != nil {
			t.fail(err)
		}
	default:
		t.take(m)
	}
}

// take takes a response. It is called with the lock.
func (t *reply) take(m *message) {
	// A server that could not read the ID of a request answers it with an error all the
	// same.
	if !sameID(m.id, t.post.id) && (m.err == nil || m.id != nil) {
		t.fail(fault("the server answered another request", fmt.Sprintf("its response has the ID %.80s", m.id)))
		return
	}
	t.response = m
	t.lingering = time.AfterFunc(linger, t.stop)
}

// whole returns a response that is one text, or what is wrong with it.
func (t *reply) whole() (*message, http.Header, error) {
	said := strings.ToValidUTF8(string(t.body[:min(len(t.body), maxExcerpt)]), "?")
	bad := func(format string, args ...any) (*message, http.Header, error) {
		return nil, t.header, fault(fmt.Sprintf(format, args...), said)
	}
	fine := t.status >= 200 && t.status < 300
	switch {
	case t.post.id == nil && fine:
		return nil, t.header, nil
	case t.streams && fine:
		return bad("the server ended its stream without a response")
	case len(t.body) == 0:
		return bad("the server answered with HTTP %d and no message", t.status)
	}
	m, err := parse(t.body)
	switch {
	case err != nil && fine:
		kind := t.header.Get("Content-Type")
		return bad("the server answered with what is no message: it is %.80q", kind)
	case err != nil, m.method != "", !fine && m.err == nil:
		return bad("the server answered with HTTP %d", t.status)
	}
	if t.take(m); t.fault != nil {
		return nil, t.header, t.fault
	}
	t.lingering.Stop()
	return m, t.header, nil
}

var _ io.Writer = (*reply)(nil)
