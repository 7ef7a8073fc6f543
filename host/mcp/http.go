package mcp

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/internal/rawjson"
	"github.com/wattle-dev/wattle/lattice"
)

// HTTP is the endpoint of a component that speaks MCP itself, over wasi:http: the revision
// [Version], to which requests go as they came, or one of those before it, to which they
// are translated.
type HTTP struct {
	target *host.Target
	id     lattice.ComponentID
	path   string
	host   string
	pinned bool
	opts   Options
	// finding holds a token while it is found out what the component speaks.
	finding chan struct{}
	speaks  atomic.Pointer[speech] // nil until then
}

var _ Endpoint = (*HTTP)(nil)

// speech is what a component speaks, and says of itself.
type speech struct {
	// version is the revision that it is asked in: Version, or one of legacy.
	version  string
	versions []string
	// handshake says that an instance has to be told initialize before it answers
	// anything else.
	handshake    bool
	info         json.RawMessage // an object, or nil
	capabilities rawjson.Object
	instructions string
}

// legacy are the revisions before Version, the newest first.
var legacy = []string{"2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"}

func (s *speech) modern() bool { return s.version == Version }

// NewHTTP returns the endpoint of a component with an ID. opts may be nil.
func NewHTTP(target *host.Target, id lattice.ComponentID, decl *lattice.MCP, opts *Options) *HTTP {
	h := &HTTP{
		target: target, id: id, finding: make(chan struct{}, 1), pinned: decl.Pinned,
		path: cmp.Or(decl.Path, lattice.DefaultMCPPath), host: cmp.Or(decl.Host, lattice.DefaultMCPHost),
	}
	if opts != nil {
		h.opts = *opts
	}
	h.opts = h.opts.withDefaults()
	return h
}

// Answer implements Endpoint.
func (h *HTTP) Answer(ctx context.Context, q *Request) (json.RawMessage, error) {
	speaks, err := h.known(ctx)
	if err != nil {
		return nil, err
	}
	if !speaks.modern() {
		return h.translate(ctx, q, speaks)
	}
	p := h.post(q.Invocation, q.ID, q.Body)
	p.notify = q.Notify
	maps.Copy(p.header, q.Header)
	p.header.Set(headerVersion, Version)
	m, _, err := p.ask(ctx, q.Session)
	if ended, ok := q.ended(ctx, err); ok {
		return ended, nil
	}
	return outcome(m, err)
}

// ended returns the result with which a stream of changes ends that the host ends: its
// client may begin another one (2026-07-28, basic, patterns, "Graceful Closure").
func (q *Request) ended(ctx context.Context, err error) (json.RawMessage, bool) {
	if q.Method != "subscriptions/listen" || ctx.Err() != nil || lattice.CodeOf(err) != lattice.CodeDeadline {
		return nil, false
	}
	meta := rawjson.Object{{Name: metaSubscribed, Value: q.ID}}
	return rawjson.Object{{Name: "_meta", Value: meta.JSON()}}.JSON(), true
}

// outcome returns the result of a response, or its error.
func outcome(m *message, err error) (json.RawMessage, error) {
	switch {
	case err != nil:
		return nil, err
	case m.err == nil:
		return m.result, nil
	}
	e, err := errorOf(m.err)
	if err != nil {
		return nil, fault("the server answered with an invalid error", err.Error())
	}
	return nil, e
}

// post returns a message to the component.
func (h *HTTP) post(inv *lattice.Invocation, id json.RawMessage, body []byte) *post {
	return &post{path: h.path, host: h.host, header: http.Header{}, body: body, id: id, inv: inv, most: h.opts.MaxMessage}
}

// known returns what the component speaks, and finds that out first if need be.
func (h *HTTP) known(ctx context.Context) (*speech, error) {
	if s := h.speaks.Load(); s != nil {
		return s, nil
	}
	return h.find(ctx, false)
}

// find finds out what the component speaks, or waits for who does. anew has it be found
// out even if it is known.
func (h *HTTP) find(ctx context.Context, anew bool) (*speech, error) {
	select {
	case h.finding <- struct{}{}:
		defer func() { <-h.finding }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if s := h.speaks.Load(); s != nil && !anew {
		return s, nil
	}
	s, why, err := h.discover(ctx)
	if err != nil {
		return nil, err
	}
	if s == nil {
		if s, err = h.initialize(ctx); err != nil {
			if unanswered(err) {
				return nil, err
			}
			return nil, fault(fmt.Sprintf("the component does not speak MCP on the path %q", h.path),
				fmt.Sprintf("server/discover: %v; initialize: %v", why, err))
		}
	}
	h.speaks.Store(s)
	return s, nil
}

// invocation is that of what the host itself asks.
func (h *HTTP) invocation() *lattice.Invocation {
	return &lattice.Invocation{
		Target: h.id, Interface: lattice.MCPInterface, Function: "handle",
		Callers: []lattice.Caller{"catalogue"}, Depth: lattice.DefaultDepth,
	}
}

// fresh has a new instance answer one request of the host.
func (h *HTTP) fresh(ctx context.Context, version, method string, params rawjson.Object) (*message, http.Header, error) {
	s := &Session{Session: h.target.NewSession()}
	defer s.Close()
	return h.ask(ctx, s, h.invocation(), version, method, params)
}

// ownID is the ID of the host's own requests.
var ownID = json.RawMessage(`"wattle"`)

// ask has an instance answer a request of the host.
func (h *HTTP) ask(ctx context.Context, s *Session, inv *lattice.Invocation, version, method string, params rawjson.Object) (*message, http.Header, error) {
	header := http.Header{}
	if version == Version {
		meta := rawjson.Object{
			{Name: metaVersion, Value: rawjson.Quote(version)},
			{Name: metaClientInfo, Value: h.self()},
			{Name: metaPrefix + "clientCapabilities", Value: json.RawMessage(`{}`)},
		}
		params = append(slices.Clone(params), rawjson.Member{Name: "_meta", Value: meta.JSON()})
		header.Set(headerMethod, method)
	}
	if method != "initialize" {
		header.Set(headerVersion, version)
	}
	p := h.post(inv, ownID, request(ownID, method, params.JSON()))
	p.header = header
	if kept, ok := s.Kept.(*shaken); ok {
		kept.mark(header)
	}
	return p.ask(ctx, s)
}

// request returns a request, or a notification if it has no ID.
func request(id json.RawMessage, method string, params json.RawMessage) []byte {
	o := rawjson.Object{{Name: "jsonrpc", Value: json.RawMessage(`"2.0"`)}}
	if id != nil {
		o = o.Set("id", id)
	}
	o = o.Set("method", rawjson.Quote(method))
	if params != nil {
		o = o.Set("params", params)
	}
	return o.JSON()
}

// self is what the host says of itself as a client.
func (h *HTTP) self() json.RawMessage {
	return rawjson.Object{
		{Name: "name", Value: json.RawMessage(`"wattle"`)}, {Name: "version", Value: rawjson.Quote(cmp.Or(h.opts.Version, "unknown"))},
	}.JSON()
}

// unanswered reports whether an error says nothing of the component, as it was not asked,
// or had no time.
func unanswered(err error) bool {
	if _, ok := errors.AsType[*Error](err); ok {
		return false
	}
	switch lattice.CodeOf(err) {
	case lattice.CodeDeadline, lattice.CodeCanceled, lattice.CodeUnavailable:
		return true
	}
	return lattice.Undelivered(err)
}

// discover asks for what a server of Version says of itself. If it answers in another way
// there is none, and why says how it did.
func (h *HTTP) discover(ctx context.Context) (s *speech, why, err error) {
	m, _, err := h.fresh(ctx, Version, "server/discover", nil)
	result, err := outcome(m, err)
	if err != nil {
		if unanswered(err) {
			return nil, nil, err
		}
		return nil, err, nil
	}
	members, err := rawjson.Members(result)
	if err != nil {
		return nil, err, nil
	}
	s = &speech{version: Version}
	supported, _ := rawjson.Elements(members.Get("supportedVersions"), 100)
	for _, v := range supported {
		if text, ok := rawjson.Text(v); ok {
			s.versions = append(s.versions, text)
		}
	}
	if !slices.Contains(s.versions, Version) {
		return nil, fmt.Errorf("it supports %.200q, and not %s", s.versions, Version), nil
	}
	s.read(members)
	if meta, err := rawjson.Members(members.Get("_meta")); err == nil && meta.Get(metaServerInfo) != nil {
		s.info = meta.Get(metaServerInfo)
	}
	return s, nil, nil
}

// read takes what a server says of itself.
func (s *speech) read(members rawjson.Object) {
	s.info = members.Get("serverInfo")
	s.capabilities, _ = rawjson.Members(members.Get("capabilities"))
	s.instructions, _ = rawjson.Text(members.Get("instructions"))
	if !rawjson.IsObject(s.info) {
		s.info = nil
	}
}

// offers reports whether a server says that it has a capability.
func (s *speech) offers(name string) bool { return rawjson.IsObject(s.capabilities.Get(name)) }

// isVisible reports whether a text can be the value of a field that names a session.
func isVisible(text string) bool {
	return text != "" && len(text) <= 1<<10 && strings.IndexFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}
