package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/wattle-dev/wattle/internal/rawjson"
	"github.com/wattle-dev/wattle/lattice/catalogue"
)

// Bounds of a list.
const (
	// maxPages is how many answers a list may have.
	maxPages = 200
	// LeastListing is how often a server is asked at most that says how long its lists
	// are good.
	LeastListing = time.Minute
	mostListing  = 24 * time.Hour
)

// list is one that servers have.
type list struct {
	method, capability, member string
	into                       func(*catalogue.Contents) *[]json.RawMessage
}

var lists = []list{
	{"tools/list", "tools", "tools", func(c *catalogue.Contents) *[]json.RawMessage { return &c.Tools }},
	{"prompts/list", "prompts", "prompts", func(c *catalogue.Contents) *[]json.RawMessage { return &c.Prompts }},
	{"resources/list", "resources", "resources", func(c *catalogue.Contents) *[]json.RawMessage { return &c.Resources }},
	{"resources/templates/list", "resources", "resourceTemplates", func(c *catalogue.Contents) *[]json.RawMessage { return &c.Templates }},
}

// List implements Endpoint. A list that the server does not give is a problem; that the
// server cannot be asked is an error.
func (h *HTTP) List(ctx context.Context) (*catalogue.Contents, time.Duration, error) {
	speaks, err := h.find(ctx, true)
	if err != nil {
		return nil, 0, err
	}
	said := &catalogue.Contents{
		Versions: speaks.versions, ServerInfo: speaks.info, Capabilities: speaks.offered().JSON(), Instructions: speaks.instructions,
	}
	if err := h.pinnable(ctx, speaks); err != nil {
		if unanswered(err) {
			return nil, 0, err
		}
		said.Problems = append(said.Problems, fmt.Sprintf("it cannot be pinned: an instance of it does not answer a second request: %v", err))
	}
	again := time.Duration(0)
	for i := range lists {
		l := &lists[i]
		if !speaks.offers(l.capability) {
			continue
		}
		all, ttl, err := h.pages(ctx, speaks, l)
		if err != nil && unanswered(err) {
			return nil, 0, err
		}
		// A server with resources need not have templates.
		if e, ok := errors.AsType[*Error](err); err != nil && (!ok || e.Code != CodeNoMethod || l.member != "resourceTemplates") {
			said.Problems = append(said.Problems, fmt.Sprintf("%s: %v", l.method, err))
		}
		*l.into(said) = all
		if ttl > 0 && (again == 0 || ttl < again) {
			again = ttl
		}
	}
	if again > 0 {
		again = min(max(again, LeastListing), mostListing)
	}
	return said, again, nil
}

// pinnable has an instance of a component that is to be pinned answer two requests, which
// those that are made with JavaScript do not. One that needs initialize has shown it.
func (h *HTTP) pinnable(ctx context.Context, speaks *speech) error {
	if !h.pinned || speaks.handshake {
		return nil
	}
	session := &Session{Session: h.target.NewSession()}
	defer session.Close()
	method := "server/discover"
	if !speaks.modern() {
		method = "ping"
	}
	for range 2 {
		m, _, err := h.ask(ctx, session, h.invocation(), speaks.version, method, nil)
		if _, err = outcome(m, err); err != nil {
			if e, ok := errors.AsType[*Error](err); ok && !e.fault {
				continue // it is an answer all the same
			}
			return err
		}
	}
	return nil
}

// pages returns a whole list, and how long it is good. With an error there is the part of
// it that came.
func (h *HTTP) pages(ctx context.Context, speaks *speech, l *list) (all []json.RawMessage, ttl time.Duration, err error) {
	session := &Session{Session: h.target.NewSession()}
	defer func() { session.Close() }()
	if err := h.begin(ctx, session, h.invocation(), speaks, nil); err != nil {
		return nil, 0, err
	}
	var params rawjson.Object
	for page := 0; ; page++ {
		if page == maxPages {
			return all, ttl, fault(fmt.Sprintf("the list has more than %d pages", maxPages), "")
		}
		m, _, err := h.ask(ctx, session, h.invocation(), speaks.version, l.method, params)
		result, err := outcome(m, err)
		if err != nil {
			return all, ttl, err
		}
		members, err := rawjson.Members(result)
		if err != nil {
			return all, ttl, fault("the server answered with an invalid result", err.Error())
		}
		some, err := rawjson.Elements(members.Get(l.member), catalogue.MaxDefinitions)
		if err != nil {
			return all, ttl, fault(fmt.Sprintf("%q of the result is invalid", l.member), err.Error())
		}
		if len(all)+len(some) > catalogue.MaxDefinitions {
			return all, ttl, fault(fmt.Sprintf("the list has more than %d entries", catalogue.MaxDefinitions), "")
		}
		all = append(all, some...)
		if n, ok := rawjson.Int(members.Get("ttlMs")); ok && n > 0 {
			ttl = time.Duration(min(n, mostListing.Milliseconds())) * time.Millisecond
		}
		cursor := members.Get("nextCursor")
		if text, ok := rawjson.Text(cursor); !ok || text == "" {
			return all, ttl, nil
		}
		params = rawjson.Object{{Name: "cursor", Value: cursor}}
		if !speaks.handshake { // an instance may answer but once
			session.Close()
			session = &Session{Session: h.target.NewSession()}
		}
	}
}
