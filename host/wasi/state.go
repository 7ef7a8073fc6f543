package wasi

import (
	"context"
	"errors"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi/blobstore"
	"github.com/wattle-dev/wattle/host/wasi/cli"
	"github.com/wattle-dev/wattle/host/wasi/clocks"
	"github.com/wattle-dev/wattle/host/wasi/config"
	"github.com/wattle-dev/wattle/host/wasi/filesystem"
	"github.com/wattle-dev/wattle/host/wasi/http"
	"github.com/wattle-dev/wattle/host/wasi/io"
	"github.com/wattle-dev/wattle/host/wasi/keyvalue"
	"github.com/wattle-dev/wattle/host/wasi/keyvalue/v020draft"
	"github.com/wattle-dev/wattle/host/wasi/logging"
	"github.com/wattle-dev/wattle/host/wasi/messaging"
	"github.com/wattle-dev/wattle/host/wasi/random"
	"github.com/wattle-dev/wattle/host/wasi/sockets"
	"github.com/wattle-dev/wattle/host/wasmcloud/bus"
	wasmcloud "github.com/wattle-dev/wattle/host/wasmcloud/messaging"
	"github.com/wattle-dev/wattle/host/wasmcloud/postgres"
	"github.com/wattle-dev/wattle/host/wasmcloud/secrets"
	"github.com/wattle-dev/wattle/host/wasmcp/auth"
	"github.com/wattle-dev/wattle/host/wasmcp/mcpv20251125"
	"github.com/wattle-dev/wattle/host/wattle/mcp"
)

// Options say what an instance is given. The zero value gives it clocks, random
// numbers and nothing else: no arguments, no environment, an empty input, outputs
// that go nowhere, no directory, no outgoing HTTP and no network.
type Options struct {
	Clocks     clocks.Options // of the times of files as well
	CLI        cli.Options
	Filesystem filesystem.Options
	HTTP       http.Options
	Sockets    sockets.Options
	Config     config.Options
	KeyValue   keyvalue.Options
	Blobstore  blobstore.Options
	Logging    logging.Options
	Messaging  messaging.Options // of wasmcloud:messaging as well
	Postgres   postgres.Options
	Secrets    secrets.Options
	Bus        bus.Options
}

// State is what an instance has of WASI: what component.Call.State returns in its
// host functions.
//
// Its parts are made when they are first asked for, by the goroutine of the
// instance.
type State struct {
	opts Options

	clocks     *clocks.State
	cli        *cli.State
	filesystem *filesystem.State
	http       *http.State
	sockets    *sockets.State
	config     *config.State
	keyValue   *keyvalue.State
	blobstore  *blobstore.State
	logging    *logging.State
	messaging  *messaging.State
	consumer   *wasmcloud.State
	postgres   *postgres.State
	secrets    *secrets.State
	bus        *bus.State
}

// NewState returns the state of an instance. Making one opens nothing. Close it
// after the instance.
func NewState(opts Options) *State {
	return &State{opts: opts}
}

// Clocks implements clocks.Host.
func (s *State) Clocks() *clocks.State {
	if s.clocks == nil {
		s.clocks = clocks.NewState(s.opts.Clocks)
	}
	return s.clocks
}

// CLI implements cli.Host.
func (s *State) CLI() *cli.State {
	if s.cli == nil {
		s.cli = cli.NewState(s.opts.CLI)
	}
	return s.cli
}

// Filesystem implements filesystem.Host.
func (s *State) Filesystem() *filesystem.State {
	if s.filesystem == nil {
		o := s.opts.Filesystem
		o.Resolution = s.opts.Clocks.Resolution
		s.filesystem = filesystem.NewState(o)
	}
	return s.filesystem
}

// HTTP implements http.Host.
func (s *State) HTTP() *http.State {
	if s.http == nil {
		s.http = http.NewState(s.opts.HTTP)
	}
	return s.http
}

// Sockets implements sockets.Host.
func (s *State) Sockets() *sockets.State {
	if s.sockets == nil {
		s.sockets = sockets.NewState(s.opts.Sockets)
	}
	return s.sockets
}

// Config implements config.Host.
func (s *State) Config() *config.State {
	if s.config == nil {
		s.config = config.NewState(s.opts.Config)
	}
	return s.config
}

// Logging implements logging.Host.
func (s *State) Logging() *logging.State {
	if s.logging == nil {
		s.logging = logging.NewState(s.opts.Logging)
	}
	return s.logging
}

// Messaging implements messaging.Host of wasi:messaging.
func (s *State) Messaging() *messaging.State {
	if s.messaging == nil {
		s.messaging = messaging.NewState(s.opts.Messaging)
	}
	return s.messaging
}

// Consumer implements messaging.Host of wasmcloud:messaging.
func (s *State) Consumer() *wasmcloud.State {
	if s.consumer == nil {
		s.consumer = wasmcloud.NewState(s.opts.Messaging.Grant, func() string { return s.Bus().Name("wasmcloud:messaging/consumer") })
	}
	return s.consumer
}

// Postgres implements postgres.Host.
func (s *State) Postgres() *postgres.State {
	if s.postgres == nil {
		o := s.opts.Postgres
		o.Link = func() string { return s.Bus().Name("wasmcloud:postgres/query") }
		s.postgres = postgres.NewState(o)
	}
	return s.postgres
}

// Secrets implements secrets.Host.
func (s *State) Secrets() *secrets.State {
	if s.secrets == nil {
		s.secrets = secrets.NewState(s.opts.Secrets)
	}
	return s.secrets
}

// Bus implements bus.Host.
func (s *State) Bus() *bus.State {
	if s.bus == nil {
		s.bus = bus.NewState(s.opts.Bus)
	}
	return s.bus
}

// KeyValue implements keyvalue.Host.
func (s *State) KeyValue() *keyvalue.State {
	if s.keyValue == nil {
		s.keyValue = keyvalue.NewState(s.opts.KeyValue, func() string { return s.Bus().Name("wasi:keyvalue/store") })
	}
	return s.keyValue
}

// Blobstore implements blobstore.Host.
func (s *State) Blobstore() *blobstore.State {
	if s.blobstore == nil {
		s.blobstore = blobstore.NewState(s.opts.Blobstore, func() string { return s.Bus().Name("wasi:blobstore/blobstore") })
	}
	return s.blobstore
}

// Drain waits until the standard outputs have been given all that the guest
// wrote, or ctx ends.
func (s *State) Drain(ctx context.Context) error {
	if s.cli == nil {
		return nil
	}
	return s.cli.Drain(ctx)
}

// Close ends what the state has open. It does not wait for writers; see Drain.
func (s *State) Close() error {
	var cliErr, filesystemErr, httpErr error
	if s.cli != nil {
		cliErr = s.cli.Close()
	}
	if s.filesystem != nil {
		filesystemErr = s.filesystem.Close()
	}
	if s.http != nil {
		httpErr = s.http.Close()
	}
	return errors.Join(cliErr, filesystemErr, httpErr)
}

// Define offers all of WASI 0.2 to l, and what else hosts serve. The state of instances must be a *State, or
// implement the Host interfaces of the packages that it uses.
func Define(l *component.Linker) error {
	return errors.Join(
		io.Define(l),
		clocks.Define(l),
		random.Define(l),
		cli.Define(l),
		filesystem.Define(l),
		sockets.Define(l),
		http.Define(l),
		config.Define(l),
		keyvalue.Define(l),
		v020draft.Define(l),
		blobstore.Define(l),
		logging.Define(l),
		messaging.Define(l),
		wasmcloud.Define(l),
		postgres.Define(l),
		secrets.Define(l),
		bus.Define(l),
		mcp.Define(l),
		auth.Define(l),
		mcpv20251125.Define(l),
	)
}
