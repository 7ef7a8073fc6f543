package capability

import (
	"context"
	"fmt"
	"time"

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
		all[string(l.name)] = pool
	}
	g.WASI.Postgres.Databases = all
	return nil
}

var tlsModes = map[capability.TLSMode]pgpool.TLSMode{
	capability.TLSVerify: pgpool.TLSVerify, capability.TLSRequire: pgpool.TLSRequire, capability.TLSOff: pgpool.TLSOff,
}
