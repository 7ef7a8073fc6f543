package mcp

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"

	"github.com/wattle-dev/wattle/providers/mcp/jsonrpc"
)

// Bounds of what components ask clients of revisions with sessions.
const (
	// maxRounds is how often a component may ask in a call, maxInputs how much at once.
	maxRounds = 16
	maxInputs = 32
)

// waits are the requests that clients have been sent.
type waits struct {
	mu sync.Mutex
	by map[string]*wait // by their ids
}

// wait waits for the answer to one of them.
type wait struct {
	session sessionKey
	answer  chan []byte // of capacity one
}

// expect makes the id of a request to the client of a session. The answer comes to the
// channel. Nobody else can answer: the id cannot be guessed, and is of this session.
func (w *waits) expect(of sessionKey) (string, chan []byte) {
	id, answer := newSessionKey().String(), make(chan []byte, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.by[id] = &wait{of, answer}
	return id, answer
}

// take returns who waits for the answer to a request, nil if nobody does. Nobody does
// afterwards.
func (w *waits) take(of sessionKey, id string) chan []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	found := w.by[id]
	if found == nil || found.session != of {
		return nil
	}
	delete(w.by, id)
	return found.answer
}

// input is what a component asks the client.
type input struct {
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
}

// gather asks the client what a component wants to know (2026-07-28, Multi Round-Trip
// Requests), and returns the members that the params of the next request have besides.
func (x *exchange) gather(ctx context.Context, text []byte, s *spans) ([]byte, *fault) {
	var asked map[string]input
	if raw := s[rInputs].Of(text); raw != nil {
		if err := json.Unmarshal(raw, &asked); err != nil || len(asked) > maxInputs {
			return nil, faultf(codeInternal, "the server asked for input in a way that cannot be read")
		}
	}
	state := s[rState].Of(text)
	if len(asked) == 0 && state == nil || state != nil && !jsonrpc.IsString(state) {
		return nil, faultf(codeInternal, "the server asked for input, and not for which")
	}
	keys := slices.Sorted(maps.Keys(asked))
	for _, key := range keys {
		if fault := x.session.offers(asked[key]); fault != nil {
			return nil, fault
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, x.g.opts.InputTimeout, errTimeout)
	defer cancel()
	answers := make([]chan []byte, len(keys))
	for i, key := range keys {
		id, answer := x.g.waits.expect(x.session.Key)
		defer x.g.waits.take(x.session.Key, id)
		answers[i] = answer
		params := asked[key].Params
		if params == nil || string(params) == "null" {
			params = json.RawMessage("{}")
		}
		b := fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%q,"method":%q,"params":%s}`, id, asked[key].Method, completed(asked[key].Method, params, id))
		if err := x.reply.event(b); err != nil {
			return nil, faultf(codeUnavailable, "the client cannot be asked for input: %v", err)
		}
	}
	b := []byte(`"inputResponses":{`)
	for i, key := range keys {
		result, fault := x.input(ctx, asked[key].Method, answers[i])
		if fault != nil {
			return nil, fault
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(jsonrpc.AppendString(b, key), ':'), result...)
	}
	b = append(b, "},"...)
	if state != nil {
		b = append(append(append(b, `"requestState":`...), state...), ',')
	}
	return b, nil
}

// input waits for what the client answers to a request.
func (x *exchange) input(ctx context.Context, method string, answer chan []byte) ([]byte, *fault) {
	var text []byte
	select {
	case text = <-answer:
	case <-x.r.Context().Done():
		return nil, faultf(codeUnavailable, "the client has gone, and cannot be asked for input")
	case <-x.g.stopped:
		return nil, faultf(codeUnavailable, "the gateway stops: try again")
	case <-ctx.Done():
		return nil, faultf(codeTimeout, "the client did not answer %q within %v", method, x.g.opts.InputTimeout)
	}
	var s spans
	if _, err := read(text, &s); err != nil {
		return nil, faultf(codeInternal, "the answer of the client to %q cannot be read: %v", method, err)
	}
	if s[sResult].Found() {
		return s[sResult].Of(text), nil
	}
	if method == elicit {
		return []byte(`{"action":"cancel"}`), nil
	}
	f := faultf(codeInternal, "the client refused %q", method)
	f.data = append(append([]byte(`{"error":`), s[sError].Of(text)...), '}')
	return nil, f
}

// answered takes the answer of a client to a request that it was sent.
func (x *exchange) answered() {
	id := jsonrpc.Unquote(x.spans[sID].Of(x.body))
	answer := x.g.waits.take(x.session.Key, id)
	if answer == nil {
		x.fail(faultf(codeRequest, "no request with the id %.80q waits for an answer", id).with(http.StatusBadRequest))
		return
	}
	answer <- x.body
	x.accepted()
}

// offers says what the client of a session lacks for a request: it must not be sent what it
// has not said it can do (2026-07-28, Multi Round-Trip Requests, "Server Requirements").
func (s *session) offers(in input) *fault {
	var has struct {
		Roots    *struct{} `json:"roots"`
		Sampling *struct {
			Tools, Context *struct{}
		} `json:"sampling"`
		Elicitation *struct {
			Form, URL *struct{}
		} `json:"elicitation"`
	}
	var wants struct {
		Mode           string
		Tools          json.RawMessage
		IncludeContext string
	}
	if err := json.Unmarshal(s.Capabilities, &has); err != nil {
		return faultf(codeInternal, "the capabilities of the client cannot be read: %v", err)
	}
	if len(in.Params) > 0 {
		if err := json.Unmarshal(in.Params, &wants); err != nil {
			return faultf(codeInternal, "the server asked for %.80q in a way that cannot be read", in.Method)
		}
	}
	lacks := ""
	switch in.Method {
	case listRoots:
		if has.Roots == nil {
			lacks = `{"roots":{}}`
		}
	case sample:
		switch {
		case has.Sampling == nil:
			lacks = `{"sampling":{}}`
		case wants.Tools != nil && has.Sampling.Tools == nil:
			lacks = `{"sampling":{"tools":{}}}`
		}
	case elicit:
		switch {
		case has.Elicitation == nil:
			lacks = `{"elicitation":{}}`
		case wants.Mode == "url" && has.Elicitation.URL == nil:
			lacks = `{"elicitation":{"url":{}}}`
		case wants.Mode != "url" && has.Elicitation.Form == nil && has.Elicitation.URL != nil:
			lacks = `{"elicitation":{"form":{}}}`
		}
	default:
		return faultf(codeInternal, "the server asked for %.80q, which clients do not answer", in.Method)
	}
	if lacks == "" {
		return nil
	}
	f := faultf(codeCapability, "the server needs %q, which the client does not have", in.Method)
	f.data = fmt.Appendf(nil, `{"requiredCapabilities":%s}`, lacks)
	return f
}

// completed returns params as the revisions with sessions want them: what asks for a visit
// of a URL has an id there.
func completed(method string, params json.RawMessage, id string) []byte {
	const mode, name = 0, 1
	var at [2]jsonrpc.Span
	shape := jsonrpc.Shape{{Name: "mode", Slot: mode}, {Name: "elicitationId", Slot: name}}
	if method != elicit || jsonrpc.Scan(params, shape, at[:]) != nil || !jsonrpc.Is(at[mode].Of(params), "url") || at[name].Found() {
		return jsonrpc.OneLine(params)
	}
	whole := jsonrpc.Span{To: len(params)}
	return jsonrpc.OneLine(jsonrpc.Splice(nil, params, jsonrpc.Member(params, whole, "elicitationId", jsonrpc.AppendString(nil, id))))
}
