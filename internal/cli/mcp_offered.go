package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wattle-dev/wattle/internal/cli/inventory"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/providers/mcp/mcpclient"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// listingTime is how long a host has to find out what a component offers that runs
// already, before a command says that it does not know.
const listingTime = 15 * time.Second

// servers says what the MCP servers of an application offer, if that can be known.
func (s *session) servers(ctx context.Context, env *Env, status *control.AppStatus) error {
	inv, err := s.Load(ctx, inventory.KindOf("components"))
	if err != nil {
		return nil //nolint:nilerr // it is an extra: the application runs
	}
	for i := range status.Parts {
		p := &status.Parts[i]
		id := lattice.ComponentID(p.ID)
		if a, ok := inv.Components[id]; ok && p.Kind == "component" && a.MCP != nil {
			if err := s.offered(ctx, env, id, a.MCP, p.Revision); err != nil {
				return err
			}
		}
	}
	return nil
}

// offered waits until it is known what a component offers as an MCP server, and says so.
func (s *session) offered(ctx context.Context, env *Env, id lattice.ComponentID, m *lattice.MCP, revision uint64) error {
	shown := newWait(env, "MCP server "+string(m.Name))
	var listed *inventory.Listed
	err := s.waitFor(ctx, listingTime, "mcp", func(inv *inventory.Inventory, now time.Time) (bool, error) {
		for _, server := range inv.Servers(now) {
			if l := server.Listed; server.Component == id && l != nil && l.Revision >= revision {
				listed = l
				return true, nil
			}
		}
		shown.say("its host asks what it offers")
		return false, nil
	})
	shown.end()
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		fmt.Fprintf(env.Stderr, "wattle: it is not known yet what MCP server %q offers: `wattle mcp list` says it when it is\n", m.Name)
		return nil
	case err != nil:
		return err
	}
	for _, p := range listed.Problems {
		fmt.Fprintf(env.Stderr, "wattle: MCP server %q: %s\n", m.Name, printable(p))
	}
	at := "MCP server " + string(m.Name)
	if s.local != nil && s.local.MCP != "" {
		at = s.local.MCP + "/" + string(m.Name)
		if err := s.answers(ctx, m.Name); err != nil {
			fmt.Fprintf(env.Stderr, "wattle: %s\n", printable(err.Error()))
		}
	}
	return done(env, "  %s: %s", at, count(len(listed.Names), "tool"))
}

// Times of the wait for a gateway.
const (
	heardTime  = 3 * time.Second
	heardEvery = 50 * time.Millisecond
)

// answers waits until the gateway on this machine has heard of a server, so that the next
// command finds it there.
func (s *session) answers(ctx context.Context, name lattice.ServerName) error {
	e, err := s.dir.endpointOf(s.local)
	if err != nil {
		return err
	}
	timed, cancel := context.WithTimeout(ctx, heardTime)
	defer cancel()
	again := time.NewTicker(heardEvery)
	defer again.Stop()
	for {
		c, err := new(gatewayFlags).connect(timed, e, name, mcpclient.Options{})
		if err == nil {
			return c.Close()
		}
		if !errors.Is(err, lattice.ErrNotFound) {
			return interrupted(ctx, err)
		}
		select {
		case <-timed.Done():
			return interrupted(ctx, err)
		case <-again.C:
		}
	}
}
