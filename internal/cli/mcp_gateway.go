package cli

import (
	"context"
	"crypto/subtle"
	"fmt"
	"net/http"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/directory"
	"github.com/wattle-dev/wattle/lattice/seal"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/providers/mcp"
)

// agents is a gateway for clients on this machine.
type agents struct {
	*mcp.Gateway
	token *seal.Shared
}

// newAgents makes a gateway whose clients have the token in a data directory, and begins
// to follow what servers offer. shared is what the gateways of the lattice share; without
// it, sessions are those of this gateway alone.
func (p *parts) newAgents(ctx context.Context, dir dataDir, invoker lattice.Invoker, d *directory.Directory, shared *seal.Shared) (*agents, error) {
	token, err := trust.OpenOrCreateShared(dir.token())
	if err != nil {
		return nil, dir.explain(err)
	}
	if shared == nil {
		if shared, err = trust.OpenOrCreateShared(dir.sessions()); err != nil {
			return nil, dir.explain(err)
		}
	}
	sessions, err := shared.For("sessions")
	if err != nil {
		return nil, err
	}
	servers := directory.NewCatalogue(d)
	g, err := mcp.New(invoker, servers, &mcp.Options{
		Authenticate: bearer(token, dir.token()), SessionKey: *sessions, Local: true, Version: version(), Logger: p.log.logger(),
	})
	if err != nil {
		return nil, err
	}
	p.begin(ctx, "the catalogue of MCP servers", servers.Run)
	return &agents{g, token}, nil
}

// follow has the gateway follow what servers offer. It is begun after what serves it, and
// so is stopped before: then streams end, and nobody waits for them.
func (p *parts) follow(ctx context.Context, a *agents) { p.begin(ctx, "the MCP gateway", a.Run) }

// bearer returns what tells clients that have a token (RFC 6750 section 2.1) from others.
// There is one user, whom the components are told of as local.
func bearer(token *seal.Shared, file string) func(*http.Request) (*mcp.Principal, error) {
	want := []byte(token.Reveal())
	return func(r *http.Request) (*mcp.Principal, error) {
		fields := r.Header.Values("Authorization")
		if len(fields) == 0 {
			return nil, mcp.ErrUnauthenticated
		}
		scheme, have, ok := strings.Cut(fields[0], " ")
		switch {
		case len(fields) > 1 || !ok || !strings.EqualFold(scheme, "Bearer"):
			return nil, &mcp.ChallengeError{Code: "invalid_token", Description: "send the token once, as Authorization: Bearer TOKEN"}
		case subtle.ConstantTimeCompare([]byte(strings.TrimSpace(have)), want) != 1:
			return nil, &mcp.ChallengeError{Code: "invalid_token", Description: fmt.Sprintf("it is not the token in %q", file)}
		}
		return &mcp.Principal{Subject: "local"}, nil
	}
}
