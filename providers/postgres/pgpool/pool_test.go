package pgpool_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/providers/postgres"
	"github.com/wattle-dev/wattle/providers/postgres/pgpool"
	"github.com/wattle-dev/wattle/providers/postgres/postgrestest"
)

func open(t *testing.T, o pgpool.Options) *pgpool.Pool {
	t.Helper()
	p, err := pgpool.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func TestContract(t *testing.T) {
	s := postgrestest.Start(t, postgrestest.Options{})
	postgrestest.Run(t, func(t *testing.T, b postgrestest.Bounds) postgres.Database {
		return open(t, pgpool.Options{
			Host: s.Dir, Port: s.Port, User: s.User, Password: s.Password, Database: "postgres",
			Connections: b.Connections, MaxRows: b.MaxRows, MaxBytes: b.MaxBytes, Timeout: b.Timeout,
			Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
		})
	})
	t.Run("Unreachable", func(t *testing.T) { unreachable(t, s) })
}

// What cannot be reached, or does not let in, is said without a word of who wanted to
// get in; the log has the reason, and not the password either.
func unreachable(t *testing.T, s *postgrestest.Server) {
	good := pgpool.Options{
		Host: "127.0.0.1", Port: s.Port, User: s.User, Password: s.Password, Database: "postgres", TLS: pgpool.TLSOff,
		Connections: 1, MaxRows: 1, MaxBytes: 100, Timeout: bounds.Timeout,
	}
	for name, change := range map[string]func(*pgpool.Options){
		"password": func(o *pgpool.Options) { o.Password = "other-canary-11f0" },
		"database": func(o *pgpool.Options) { o.Database = "none" },
		"port":     func(o *pgpool.Options) { o.Port = 1 },
		"socket":   func(o *pgpool.Options) { o.Host = t.TempDir() },
		"no tls":   func(o *pgpool.Options) { o.TLS = pgpool.TLSVerify },
	} {
		var log bytes.Buffer
		o := good
		o.Logger = slog.New(slog.NewTextHandler(&log, nil))
		change(&o)
		err := open(t, o).Batch(t.Context(), "SELECT 1")
		if !errors.Is(err, lattice.ErrUnavailable) || strings.Contains(err.Error(), o.User) || strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(err.Error()+log.String(), "canary") {
			t.Errorf("%s: the password is said: %v\n%s", name, err, log.String())
		}
		if !strings.Contains(log.String(), "database not reached") {
			t.Errorf("%s: the log says nothing: %s", name, log.String())
		}
	}
	if err := open(t, good).Batch(t.Context(), "SELECT 1"); err != nil {
		t.Errorf("with nothing wrong: %v", err)
	}
}

var bounds = postgrestest.Bounds{Timeout: 20e9}
