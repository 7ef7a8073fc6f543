package mcp

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/directory"
)

// Defaults of Options.
const (
	DefaultMaxBody      = 4 << 20
	DefaultMaxAnswer    = 16 << 20
	DefaultMaxHeld      = 1 << 30
	DefaultMaxMessages  = 10_000
	DefaultMaxCalls     = 4096
	DefaultMaxStreams   = 16_384
	DefaultMaxOwn       = 1024
	DefaultMaxSessions  = 65_536
	DefaultMaxSets      = 1024
	DefaultMaxLimits    = 65_536
	DefaultKeepAlive    = 15 * time.Second
	DefaultBodyTimeout  = 30 * time.Second
	DefaultInputTimeout = 10 * time.Minute
	DefaultSession      = 24 * time.Hour
)

// Servers are the MCP servers of a lattice; directory.Catalogue is one. Its methods may be
// called at the same time.
type Servers interface {
	// All returns the servers in the order of their names. Neither they nor the slice
	// change.
	All() []*directory.Server
	// ServersChanged returns a channel that is closed at the next change.
	ServersChanged() <-chan struct{}
}

// Principal is who makes a request, as Authenticate has found out.
type Principal struct {
	// Subject names it, in "gateway/SUBJECT" too, which components are told. Sessions are
	// bound to it.
	Subject string
	// Rights name everything else that a Vetter's word on lists depends on: groups and
	// scopes, for example. Principals of equal Rights are shown equal lists. If empty,
	// Subject.
	Rights string
}

func (p *Principal) rights() string {
	if p.Rights == "" {
		return p.Subject
	}
	return p.Rights
}

// Action is what a Vetter is asked about.
type Action struct {
	Principal *Principal
	// Method is that of MCP: "tools/call". For lists it is that of the use of the entry.
	Method string
	// Server is the server that is meant, empty if several are, and Component the
	// component that it is.
	Server    lattice.ServerName
	Component lattice.ComponentID
	// Name is the own name of the tool or prompt, or the URI of the resource or template.
	// It is empty for methods that name nothing.
	Name string
	// Listing says that the question is whether to show it. The answer may depend on
	// Principal.Rights and on nothing else of the request.
	Listing bool
	// Params are those of the request as its client sent them, nil if Listing. They are
	// valid until Vet returns.
	Params json.RawMessage
}

// Vetter says who may do what. It is the one place where that is decided: each request is
// shown to it before anything else is done with it, and each entry of each list.
type Vetter interface {
	// Vet returns nil if the action is allowed, or says why not: the client is told. It may
	// be called at the same time.
	Vet(ctx context.Context, a *Action) error
	// Revision is another one whenever answers about lists may have changed. It is called
	// for every request.
	Revision() uint64
}

// ChallengeError is an error of Authenticate that says more than that a token is missing, as
// RFC 6750, section 3, has it.
type ChallengeError struct {
	// Code is "invalid_token" or "insufficient_scope". The latter is answered with 403.
	Code string
	// Description is for people. Scope are the scopes that are needed.
	Description, Scope string
}

// Error implements error.
func (c *ChallengeError) Error() string { return c.Code + ": " + c.Description }

// ErrUnauthenticated is the error of Authenticate for requests without a token.
var ErrUnauthenticated = errors.New("no token")

// Options configure a Gateway. Authenticate must be set.
type Options struct {
	// Authenticate returns who makes a request. Its errors are answered with 401; a
	// *ChallengeError says more. It may be called at the same time.
	Authenticate func(*http.Request) (*Principal, error)
	// Vet says who may do what. If nil, everybody whom Authenticate knows may do
	// everything.
	Vet Vetter
	// SessionKey seals the ids of sessions. Gateways with the same one serve each other's
	// sessions. If zero, a random one.
	SessionKey [32]byte
	// Local says that the clients are on this machine: others are refused, and clients are
	// told why components fail.
	Local bool
	// URL is where clients find the gateway, for example https://tools.example.com. If nil,
	// what they say in Host is believed, which only matters to themselves.
	URL *url.URL
	// Origins are those of web pages that may use the gateway. If Local, those of this
	// machine may too.
	Origins []string
	// Issuers are the authorization servers whose tokens Authenticate takes, and Scopes
	// those it may ask for: clients are told.
	Issuers, Scopes []string
	// Version is what the gateway says its version is.
	Version string
	// MaxBody bounds the body of a request, MaxAnswer an answer of a component and an event
	// of its streams. MaxHeld bounds what is kept in memory of all of them together; those
	// of up to 64 KiB do not count.
	MaxBody, MaxAnswer, MaxHeld int64
	// MaxMessages is how many messages a component may send before its response.
	MaxMessages int
	// MaxCalls is how many requests may be under way, MaxStreams how many subscriptions,
	// MaxOwn how many of these by one principal; if Local, all of them may be.
	MaxCalls, MaxStreams, MaxOwn int
	// MaxSessions is of how many sessions the gateway remembers something: a log level,
	// subscriptions, or that they have ended. The others it knows by their ids.
	MaxSessions int
	// MaxSets is for how many principals lists are kept, MaxLimits for how many callers and
	// tools calls are counted.
	MaxSets, MaxLimits int
	// KeepAlive is how often a sign of life is sent on streams.
	KeepAlive time.Duration
	// BodyTimeout bounds how long a client takes to send its request.
	BodyTimeout time.Duration
	// InputTimeout bounds how long a client of a revision with sessions takes to answer
	// what a component asks it.
	InputTimeout time.Duration
	// Session is how long a session lasts.
	Session time.Duration
	// Logger receives events. If nil, nothing is logged.
	Logger *slog.Logger
}

// or sets a value that is not set.
func or[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

func (o Options) withDefaults() Options {
	or(&o.MaxBody, DefaultMaxBody)
	or(&o.MaxAnswer, DefaultMaxAnswer)
	or(&o.MaxHeld, DefaultMaxHeld)
	or(&o.MaxMessages, DefaultMaxMessages)
	or(&o.MaxCalls, DefaultMaxCalls)
	or(&o.MaxStreams, DefaultMaxStreams)
	if o.Local {
		or(&o.MaxOwn, o.MaxStreams) // there is one user
	}
	or(&o.MaxOwn, DefaultMaxOwn)
	or(&o.MaxSessions, DefaultMaxSessions)
	or(&o.MaxSets, DefaultMaxSets)
	or(&o.MaxLimits, DefaultMaxLimits)
	or(&o.KeepAlive, DefaultKeepAlive)
	or(&o.BodyTimeout, DefaultBodyTimeout)
	or(&o.InputTimeout, DefaultInputTimeout)
	or(&o.Session, DefaultSession)
	or(&o.Version, "0")
	if o.SessionKey == [32]byte{} {
		_, _ = rand.Read(o.SessionKey[:]) // it never fails
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

func (o *Options) validate() error {
	if o.Authenticate == nil {
		return errors.New("a gateway needs a way to authenticate its clients")
	}
	for _, origin := range o.Origins {
		u, err := url.Parse(origin)
		if err != nil || u.Scheme == "" || u.Host == "" || u.Scheme+"://"+u.Host != strings.ToLower(origin) {
			return fmt.Errorf("%q is no origin: write https://HOST", origin)
		}
	}
	return nil
}
