package capability

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/capability"
	"github.com/wattle-dev/wattle/providers/postgres"
	"github.com/wattle-dev/wattle/providers/postgres/pgpool"
)

// openPostgres opens a pool of connections for each link.
func openPostgres(ctx context.Context, env *Env, links []link, g *Grant) error {
	all := map[string]postgres.Database{}
	complaints := newComplaints(env.Logger, "postgres")
	for i := range links {
		l := &links[i]
		c, err := capability.ParsePostgres(l.config)
		if err != nil {
			return fmt.Errorf("link %q: %w", l.name, err)
		}
		server, err := c.Server(l.reveal)
		if err != nil {
			return fmt.Errorf("link %q: %w", l.name, err)
		}
		pool, err := pgpool.New(ctx, pgpool.Options{
			Host: server.Host, Port: server.Port, User: server.User, Password: server.Password, Database: server.Database,
			TLS: tlsModes[server.TLS], CA: c.CA, Connections: c.Pool, MaxRows: c.MaxRows, MaxBytes: int(c.MaxBytes),
			Timeout: time.Duration(c.TimeoutMillis) * time.Millisecond, Failed: func(err error) { complaints.failed(string(l.name), err) },
		})
		if err != nil {
			return fmt.Errorf("link %q: %w", l.name, err)
		}
		g.onClose(pool.Close)
		all[string(l.name)] = &watched{pool, g.used("postgres", l)}
	}
	g.WASI.Postgres.Databases = all
	return nil
}

// watched is a database of which it is remembered whether it worked.
type watched struct {
	postgres.Database
	used func(reason string)
}

// Query implements postgres.Database.
func (w *watched) Query(ctx context.Context, sql string, params []postgres.Param, f func([]postgres.Column, [][]byte) error) error {
	return w.saw(ctx, w.Database.Query(ctx, sql, params, f))
}

// Exec implements postgres.Database.
func (w *watched) Exec(ctx context.Context, sql string, params []postgres.Param) (uint64, error) {
	n, err := w.Database.Exec(ctx, sql, params)
	return n, w.saw(ctx, err)
}

// Batch implements postgres.Database.
func (w *watched) Batch(ctx context.Context, sql string) error {
	return w.saw(ctx, w.Database.Batch(ctx, sql))
}

// Check implements postgres.Database.
func (w *watched) Check(ctx context.Context, sql string) error {
	return w.saw(ctx, w.Database.Check(ctx, sql))
}

// saw takes note of what came of a question, and returns its error. What the guest is
// told of a database that is away has no word of where that is, or who asks.
func (w *watched) saw(ctx context.Context, err error) error {
	_, refused := errors.AsType[*postgres.Error](err)
	switch {
	case err == nil, refused:
		w.used("")
	case ctx.Err() != nil:
		// Who asked has gone.
	case errors.Is(err, lattice.ErrUnavailable), errors.Is(err, lattice.ErrDenied), errors.Is(err, context.DeadlineExceeded):
		_, reason, _ := strings.Cut(err.Error(), ": ") // after what kind of error it is
		w.used(cmp.Or(reason, err.Error()))
	}
	return err
}

var tlsModes = map[capability.TLSMode]pgpool.TLSMode{
	capability.TLSVerify: pgpool.TLSVerify, capability.TLSRequire: pgpool.TLSRequire, capability.TLSOff: pgpool.TLSOff,
}
