package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/internal/rawjson"
	"github.com/wattle-dev/wattle/lattice"
)

// headerLegacy names a session in revisions that have them.
const headerLegacy = "Mcp-Session-Id"

// shaken is what an instance has agreed to after initialize.
type shaken struct {
	version string
	session string // empty without
	level   string // of messages, as it was told last
}

// mark adds the fields that requests have after initialize.
func (k *shaken) mark(h http.Header) {
	h.Set(headerVersion, k.version)
	if k.session != "" {
		h.Set(headerLegacy, k.session)
	}
}

// initialize asks for what a server of an earlier revision says of itself, and whether it
// needs to be asked that in every instance.
func (h *HTTP) initialize(ctx context.Context) (*speech, error) {
	session := &Session{Session: h.target.NewSession()}
	defer session.Close()
	s, kept, err := h.shake(ctx, session, h.invocation(), h.self())
	if err != nil {
		return nil, err
	}
	if s.handshake = kept.session != ""; s.handshake {
		return s, nil
	}
	// There are servers that give no session and expect initialize all the same.
	for _, l := range lists {
		if !s.offers(l.capability) {
			continue
		}
		m, _, err := h.fresh(ctx, s.version, l.method, nil)
		if _, err = outcome(m, err); err == nil {
			break
		}
		if unanswered(err) {
			return nil, err
		}
		if h.initialized(ctx, session, h.invocation(), kept) != nil {
			break
		}
		m, _, err = h.ask(ctx, session, h.invocation(), s.version, l.method, nil)
		_, err = outcome(m, err)
		s.handshake = err == nil
		break
	}
	return s, nil
}

// shake tells an instance initialize.
func (h *HTTP) shake(ctx context.Context, session *Session, inv *lattice.Invocation, client json.RawMessage) (*speech, *shaken, error) {
	m, header, err := h.ask(ctx, session, inv, legacy[0], "initialize", rawjson.Object{
		{Name: "protocolVersion", Value: rawjson.Quote(legacy[0])},
		// What the client can do, it can do for servers of Version only.
		{Name: "capabilities", Value: json.RawMessage(`{}`)},
		{Name: "clientInfo", Value: client},
	})
	result, err := outcome(m, err)
	if err != nil {
		return nil, nil, err
	}
	members, err := rawjson.Members(result)
	if err != nil {
		return nil, nil, fault("the server answered initialize with an invalid result", err.Error())
	}
	s := &speech{}
	s.version, _ = rawjson.Text(members.Get("protocolVersion"))
	if !slices.Contains(legacy, s.version) {
		return nil, nil, fault(fmt.Sprintf("the server speaks the revision %.40q, which this host does not know", s.version), "")
	}
	s.versions = []string{s.version}
	s.read(members)
	kept := &shaken{version: s.version, session: header.Get(headerLegacy)}
	if kept.session != "" && !isVisible(kept.session) {
		return nil, nil, fault("the server gave the session an invalid name", "")
	}
	return s, kept, nil
}

// initialized tells an instance that initialize is over, after which it answers requests.
func (h *HTTP) initialized(ctx context.Context, session *Session, inv *lattice.Invocation, kept *shaken) error {
	p := h.post(inv, nil, request(nil, "notifications/initialized", nil))
	kept.mark(p.header)
	if _, _, err := p.ask(ctx, session); err != nil {
		return err
	}
	session.Kept = kept
	return nil
}

// begin has an instance be ready for requests, if it is not.
func (h *HTTP) begin(ctx context.Context, session *Session, inv *lattice.Invocation, speaks *speech, client json.RawMessage) error {
	if _, ok := session.Kept.(*shaken); ok || !speaks.handshake {
		return nil
	}
	if client == nil {
		client = h.self()
	}
	_, kept, err := h.shake(ctx, session, inv, client)
	if err != nil {
		return err
	}
	return h.initialized(ctx, session, inv, kept)
}

// translated are the methods that mean the same in all revisions.
var translated = []string{
	"tools/call", "prompts/get", "resources/read", "completion/complete",
	"tools/list", "prompts/list", "resources/list", "resources/templates/list",
}

// translate has a server of an earlier revision answer a request.
func (h *HTTP) translate(ctx context.Context, q *Request, speaks *speech) (json.RawMessage, error) {
	switch {
	case q.Method == "server/discover":
		return speaks.discovery(), nil
	case !slices.Contains(translated, q.Method):
		return nil, &Error{Code: CodeNoMethod, Message: fmt.Sprintf("the server speaks %s, in which %.80q is not known", speaks.version, q.Method)}
	}
	if err := h.begin(ctx, q.Session, q.Invocation, speaks, q.params.clientInfo); err != nil {
		return nil, err
	}
	kept, _ := q.Session.Kept.(*shaken)
	h.setLevel(ctx, q, speaks, kept)
	params, err := stripped(q.Params)
	if err != nil {
		return nil, &Error{Code: CodeBadParams, Message: "the parameters are invalid: " + err.Error()}
	}
	p := h.post(q.Invocation, q.ID, request(q.ID, q.Method, params))
	p.notify = q.Notify
	for name, values := range q.Header {
		if !strings.HasPrefix(name, "Mcp-") {
			p.header[name] = values
		}
	}
	p.header.Set(headerVersion, speaks.version)
	if kept != nil {
		kept.mark(p.header)
	}
	m, _, err := p.ask(ctx, q.Session)
	result, err := outcome(m, err)
	if err != nil {
		return nil, renumbered(err)
	}
	return cacheable(q.Method, result)
}

// setLevel has the instance send messages from the level that the client wants. Without a
// session there is nothing that could keep it.
func (h *HTTP) setLevel(ctx context.Context, q *Request, speaks *speech, kept *shaken) {
	level := q.params.logLevel
	if kept == nil || !slices.Contains(levels, level) || level == kept.level || !speaks.offers("logging") {
		return
	}
	m, _, err := h.ask(ctx, q.Session, q.Invocation, kept.version, "logging/setLevel", rawjson.Object{{Name: "level", Value: rawjson.Quote(level)}})
	if _, err := outcome(m, err); err == nil { // or the call says what is wrong
		kept.level = level
	}
}

// stripped returns parameters without what only Version has in _meta.
func stripped(params json.RawMessage) (json.RawMessage, error) {
	if params == nil {
		return nil, nil
	}
	members, err := rawjson.Members(params)
	if err != nil {
		return nil, err
	}
	if members.Get("_meta") == nil {
		return params, nil
	}
	meta, err := rawjson.Members(members.Get("_meta"))
	if err != nil {
		return nil, err
	}
	if meta = meta.Without(func(name string) bool { return strings.HasPrefix(name, metaPrefix) }); len(meta) == 0 {
		return members.Without(func(name string) bool { return name == "_meta" }).JSON(), nil
	}
	return members.Set("_meta", meta.JSON()).JSON(), nil
}

// Codes of earlier revisions that servers of Version must not use.
const (
	legacyNoResource = -32002
	legacyElicit     = -32042
)

// renumbered returns an error with the code that it has in Version.
func renumbered(err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	switch e.Code {
	case legacyNoResource:
		e.Code = CodeBadParams
	case legacyElicit:
		e.Code, e.Message = CodeInternal, fmt.Sprintf("the server wants the user to visit an address, for which it has to speak %s: %s", Version, e.Message)
	}
	return e
}

// cacheable returns the result of a method with what Version wants it to say of how long
// it is good: not at all, as the server does not know of that.
func cacheable(method string, result json.RawMessage) (json.RawMessage, error) {
	if method != "resources/read" && !strings.HasSuffix(method, "/list") {
		return result, nil
	}
	members, err := rawjson.Members(result)
	if err != nil {
		return nil, fault("the server answered with an invalid result", err.Error())
	}
	if members.Get("ttlMs") == nil {
		members = members.Set("ttlMs", json.RawMessage("0"))
	}
	if members.Get("cacheScope") == nil {
		members = members.Set("cacheScope", json.RawMessage(`"private"`))
	}
	return members.JSON(), nil
}

// offered returns the capabilities that a server has for clients of Version: sessions of
// its own are not among them, nor what needs them.
func (s *speech) offered() rawjson.Object {
	if s.modern() {
		return s.capabilities
	}
	kept := s.capabilities.Without(func(name string) bool { return name == "tasks" })
	if resources, err := rawjson.Members(kept.Get("resources")); err == nil {
		kept = kept.Set("resources", resources.Without(func(name string) bool { return name == "subscribe" }).JSON())
	}
	return kept
}

// discovery is what a server of Version would answer to server/discover.
func (s *speech) discovery() json.RawMessage {
	o := rawjson.Object{
		{Name: "supportedVersions", Value: json.RawMessage(`["` + Version + `"]`)},
		{Name: "capabilities", Value: s.offered().JSON()},
		{Name: "ttlMs", Value: json.RawMessage("0")},
		{Name: "cacheScope", Value: json.RawMessage(`"private"`)},
	}
	if s.instructions != "" {
		o = o.Set("instructions", rawjson.Quote(s.instructions))
	}
	if s.info != nil {
		o = o.Set("_meta", rawjson.Object{{Name: metaServerInfo, Value: s.info}}.JSON())
	}
	return o.JSON()
}
