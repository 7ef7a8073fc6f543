package mcp

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/providers/mcp/jsonrpc"
)

// Bounds of subscriptions.
const (
	// maxUpdates is of how many resources a client may hear in one subscription, or in a
	// session.
	maxUpdates = 256
	// listenAgain is after which time a component is asked again that has stopped telling of
	// its resources; it doubles up to listenMax.
	listenAgain = time.Second
	listenMax   = time.Minute
)

// streams counts the subscriptions that are under way.
type streams struct {
	all, own int

	mu    sync.Mutex
	count int
	by    map[string]int // by subject
}

// enter counts a subscription of a principal, and not its request any more. The fault says
// that there are too many.
func (g *Gateway) enter(p *Principal) *fault {
	s, subject := &g.streams, p.Subject
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.count >= s.all || s.by[subject] >= s.own {
		f := faultf(codeTooMany, "too many subscriptions are under way")
		f.data = again(listenMax)
		return f
	}
	s.count++
	s.by[subject]++
	g.calls.Add(-1)
	return nil
}

func (g *Gateway) leave(p *Principal) {
	s, subject := &g.streams, p.Subject
	g.calls.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count--
	if s.by[subject]--; s.by[subject] == 0 {
		delete(s.by, subject)
	}
}

// subscription is what a client hears of on a stream.
type subscription struct {
	kinds [kinds]bool
	// uris are the resources whose changes it hears of.
	uris []string
	// id is that of the subscription, nil in sessions, where there is one.
	id []byte
	// view and ep are what the client was told of last.
	view *view
	ep   *endpoint
}

// changedMethods tell that lists have changed. That of resources is of templates too.
var changedMethods = [kinds]string{toolsChanged, promptsChanged, resourcesChanged, resourcesChanged}

// notice returns a notification. members are those of its params, each with a comma behind
// it.
func (sub *subscription) notice(method, members string) []byte {
	b := fmt.Appendf(nil, `{"jsonrpc":"2.0","method":%q,"params":{%s`, method, members)
	if sub.id != nil {
		b = append(append(append(b, `"_meta":{"`+metaSubscription+`":`...), sub.id...), '}')
	} else if members != "" {
		b = b[:len(b)-1] // the comma
	}
	return append(b, "}}"...)
}

// listen opens a stream of notifications (2026-07-28, Subscriptions).
func (x *exchange) listen() {
	sub := &subscription{id: x.id}
	if fault := x.filter(sub); fault != nil {
		x.fail(fault)
		return
	}
	if fault := x.vet(listen, nil, ""); fault != nil {
		x.fail(fault)
		return
	}
	for _, uri := range sub.uris {
		if fault := x.vet(listen, x.ep.serverOf(uri), uri); fault != nil {
			x.fail(fault)
			return
		}
	}
	if fault := x.g.enter(x.principal); fault != nil {
		x.fail(fault)
		return
	}
	defer x.g.leave(x.principal)
	agreed := fmt.Appendf(nil, `"notifications":%s,`, sub.agreed())
	if err := x.reply.event(sub.notice(acknowledged, string(agreed))); err != nil {
		return
	}
	x.reply.keepAlive()
	if x.follow(x.r.Context(), sub, nil) {
		x.reply.respond(http.StatusOK, fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%s,"result":{"resultType":"complete","_meta":{%q:%s}}}`, x.id, metaSubscription, x.id))
	}
}

// filter reads what a client wants to hear of, and leaves out what nobody tells.
func (x *exchange) filter(sub *subscription) *fault {
	s := &x.spans
	if !jsonrpc.IsObject(s[pListen].Of(x.body)) {
		return faultf(codeParams, `the params have no "notifications"`).with(http.StatusBadRequest)
	}
	wanted := func(slot int) bool { return string(s[slot].Of(x.body)) == "true" }
	sub.kinds = [kinds]bool{
		tools:     wanted(pTools) && x.ep.can(tools),
		prompts:   wanted(pPrompts) && x.ep.can(prompts),
		resources: wanted(pResources) && x.ep.can(resources),
		templates: wanted(pResources) && x.ep.can(templates),
	}
	var uris []string
	if raw := s[pUpdates].Of(x.body); raw != nil {
		if err := json.Unmarshal(raw, &uris); err != nil || len(uris) > maxUpdates {
			return faultf(codeParams, `"resourceSubscriptions" are at most %d URIs`, maxUpdates)
		}
	}
	slices.Sort(uris)
	for _, uri := range slices.Compact(uris) {
		if of := x.ep.serverOf(uri); of != nil && of.subscribe {
			sub.uris = append(sub.uris, uri)
		}
	}
	return nil
}

// agreed returns the filter that is kept to.
func (sub *subscription) agreed() []byte {
	b, _ := json.Marshal(struct {
		Tools     bool     `json:"toolsListChanged,omitempty"`
		Prompts   bool     `json:"promptsListChanged,omitempty"`
		Resources bool     `json:"resourcesListChanged,omitempty"`
		URIs      []string `json:"resourceSubscriptions,omitempty"`
	}{sub.kinds[tools], sub.kinds[prompts], sub.kinds[resources] || sub.kinds[templates], sub.uris}) // texts
	return b
}

// follow tells the client of changes until ctx ends, or the stream, or there are other
// URIs to follow, which next says if it is not nil. It reports whether it is the gateway
// that wants it to end.
func (x *exchange) follow(ctx context.Context, sub *subscription, next func() ([]string, <-chan struct{})) bool {
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	sub.view, sub.ep = x.view, x.ep
	for {
		var other <-chan struct{}
		if next != nil {
			sub.uris, other = next()
		}
		inner, stop := context.WithCancel(ctx)
		for s, uris := range sub.byServer() {
			wg.Go(func() { x.updates(inner, s, uris, sub) })
		}
		ended, gateway := x.changes(ctx, sub, other)
		stop()
		if ended {
			return gateway
		}
	}
}

// byServer returns which server has which of the URIs.
func (sub *subscription) byServer() map[*server][]string {
	of := map[*server][]string{}
	for _, uri := range sub.uris {
		if s := sub.ep.serverOf(uri); s != nil {
			of[s] = append(of[s], uri)
		}
	}
	return of
}

// changes tells of changed lists until the stream ends, or other is closed. It reports
// whether the stream has ended, and whether the gateway wants it to.
func (x *exchange) changes(ctx context.Context, sub *subscription, other <-chan struct{}) (ended, gateway bool) {
	for {
		select {
		case <-ctx.Done():
			return true, false
		case <-x.g.stopped:
			return true, true
		case <-other:
			return false, false
		case <-sub.view.stale:
		}
		v := x.g.current.Load()
		whole := v.all
		if x.name != "" {
			if whole = v.servers[x.name]; whole == nil {
				return true, true // the server is gone
			}
		}
		before := sub.ep
		sub.view, sub.ep = v, x.g.seen(ctx, v, whole, x.principal)
		diff := differ(before, sub.ep)
		if x.search {
			diff[tools] = false
		}
		diff[resources] = diff[resources] || diff[templates]
		for _, k := range []kind{tools, prompts, resources} {
			if sub.kinds[k] && diff[k] && x.reply.event(sub.notice(changedMethods[k], "")) != nil {
				return true, false
			}
		}
	}
}

// updates asks a server to tell of changes of resources, and passes on what it tells. A
// server that stops is asked again, and the client told that all of them may have changed.
func (x *exchange) updates(ctx context.Context, s *server, uris []string, sub *subscription) {
	names, _ := json.Marshal(uris) // texts
	body := fmt.Appendf(nil, `{"jsonrpc":"2.0","id":1,"method":%q,"params":{"notifications":{"resourceSubscriptions":%s},"_meta":{%q:%q,%q:{}}}}`, listen, names, metaVersion, modern, metaCapabilities)
	for wait, again := listenAgain, false; ; wait, again = min(2*wait, listenMax), true {
		if again {
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait):
			}
			for _, uri := range uris {
				_ = x.reply.event(sub.notice(resourceUpdated, `"uri":`+string(jsonrpc.AppendString(nil, uri))+","))
			}
		}
		began := time.Now()
		err := x.update(ctx, s, uris, body, sub)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > listenMax {
			wait = listenAgain / 2
		}
		x.g.opts.Logger.DebugContext(ctx, "server does not tell of its resources any more", "server", s.MCP.Name, "error", err)
	}
}

// update has a server tell of changes of resources once.
func (x *exchange) update(ctx context.Context, s *server, uris []string, body []byte, sub *subscription) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a := &answer{g: x.g, cancel: cancel, over: ctx.Err, id: []byte("1"), endless: true, take: func(text []byte, at *spans) error {
		if !jsonrpc.Is(at[sMethod].Of(text), resourceUpdated) {
			return nil
		}
		uri := at[pURI].Of(text)
		if !jsonrpc.IsString(uri) || !covers(uris, jsonrpc.Unquote(uri)) {
			return nil // it tells of what nobody asked it
		}
		return x.reply.event(sub.notice(resourceUpdated, `"uri":`+string(uri)+","))
	}}
	defer a.release()
	_, err := x.invoke(ctx, a, &target{server: s, method: listen}, body)
	return err
}

// covers reports whether a URI is one of some, or of a part of one.
func covers(uris []string, uri string) bool {
	return slices.ContainsFunc(uris, func(u string) bool {
		rest, ok := strings.CutPrefix(uri, u)
		return ok && (rest == "" || strings.HasSuffix(u, "/") || strings.IndexByte("/?#", rest[0]) >= 0)
	})
}

// subscribe has a session hear of a resource, or not any more (2025-11-25, Resources,
// "Subscriptions").
func (x *exchange) subscribe(method string) {
	uri := jsonrpc.Unquote(x.spans[pURI].Of(x.body))
	s := x.ep.serverOf(uri)
	if uri == "" || s == nil || !s.subscribe {
		x.fail(faultf(codeParams, "nobody tells of changes of the resource %.200q", uri))
		return
	}
	if fault := x.vet(method, s, uri); fault != nil {
		x.fail(fault)
		return
	}
	kept := x.g.state(x.session.Key)
	kept.mu.Lock()
	full := false
	switch {
	case method == unsubscribe:
		delete(kept.updates, uri)
	case kept.updates[uri]:
	case len(kept.updates) == maxUpdates:
		full = true
	default:
		if kept.updates == nil {
			kept.updates = map[string]bool{}
		}
		kept.updates[uri] = true
	}
	if kept.changed != nil {
		close(kept.changed)
		kept.changed = nil
	}
	kept.mu.Unlock()
	if full {
		x.fail(faultf(codeTooMany, "a session hears of %d resources at most", maxUpdates))
		return
	}
	x.reply.respond(http.StatusOK, []byte(responseBegin), x.id, []byte(`,"result":{}}`))
}

// get opens the stream of a session for what belongs to no call (2025-11-25, Transports,
// "Listening for Messages from the Server"). A session has one: a new one ends the other.
func (x *exchange) get() {
	if fault := x.resume(); fault != nil {
		x.fail(fault)
		return
	}
	if !takes(x.r.Header["Accept"], eventType[0]) {
		x.fail(faultf(http.StatusNotAcceptable, "the client has to take text/event-stream").with(http.StatusNotAcceptable))
		return
	}
	if fault := x.vet(listen, nil, ""); fault != nil {
		x.fail(fault)
		return
	}
	if fault := x.g.enter(x.principal); fault != nil {
		x.fail(fault.with(http.StatusTooManyRequests))
		return
	}
	defer x.g.leave(x.principal)
	ctx, cancel := context.WithCancel(x.r.Context())
	defer cancel()
	kept := x.g.state(x.session.Key)
	mine := func() { cancel() }
	kept.mu.Lock()
	before := kept.stream
	kept.stream = mine
	ended := kept.ended
	kept.mu.Unlock()
	if before != nil {
		before()
	}
	if ended {
		x.fail(x.gone())
		return
	}
	if x.reply.open() != nil {
		return
	}
	x.reply.keepAlive()
	sub := &subscription{kinds: [kinds]bool{true, true, true, true}}
	x.follow(ctx, sub, func() ([]string, <-chan struct{}) {
		kept.mu.Lock()
		defer kept.mu.Unlock()
		if kept.changed == nil {
			kept.changed = make(chan struct{})
		}
		return slices.Sorted(maps.Keys(kept.updates)), kept.changed
	})
}
