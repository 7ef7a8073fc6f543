package pgpool_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

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
			Failed: func(err error) { t.Log(err) },
		})
	})
	t.Run("Unreachable", func(t *testing.T) { unreachable(t, s) })
	t.Run("Late", func(t *testing.T) { late(t, s) })
	t.Run("Ended", func(t *testing.T) { ended(t, s) })
}

// What cannot be reached, or does not let in, is said without a word of who wanted to
// get in; the operator is told the reason, and not the password either.
func unreachable(t *testing.T, s *postgrestest.Server) {
	good := pgpool.Options{
		Host: "127.0.0.1", Port: s.Port, User: s.User, Password: s.Password, Database: "postgres", TLS: pgpool.TLSOff,
		Connections: 1, MaxRows: 1, MaxBytes: 100, Timeout: bounds.Timeout,
	}
	for name, test := range map[string]struct {
		change func(*pgpool.Options)
		want   error
	}{
		"password": {func(o *pgpool.Options) { o.Password = "other-canary-11f0" }, lattice.ErrDenied},
		"database": {func(o *pgpool.Options) { o.Database = "none" }, lattice.ErrUnavailable},
		"port":     {func(o *pgpool.Options) { o.Port = 1 }, lattice.ErrUnavailable},
		"socket":   {func(o *pgpool.Options) { o.Host = t.TempDir() }, lattice.ErrUnavailable},
		"no tls":   {func(o *pgpool.Options) { o.TLS = pgpool.TLSVerify }, lattice.ErrUnavailable},
	} {
		var reason error
		o := good
		o.Failed = func(err error) { reason = err }
		test.change(&o)
		err := open(t, o).Batch(t.Context(), "SELECT 1")
		if !errors.Is(err, test.want) || strings.Contains(err.Error(), o.User) || strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("%s: %v", name, err)
		}
		if reason == nil || strings.Contains(err.Error()+reason.Error(), "canary") {
			t.Errorf("%s: the reason is not said, or the password is: %v\n%v", name, err, reason)
		}
	}
	if err := open(t, good).Batch(t.Context(), "SELECT 1"); err != nil {
		t.Errorf("with nothing wrong: %v", err)
	}
}

// What is over the pool's own time says so, and what is over that of whoever asked does
// not.
func late(t *testing.T, s *postgrestest.Server) {
	p := open(t, pgpool.Options{
		Host: s.Dir, Port: s.Port, User: s.User, Password: s.Password, Database: "postgres",
		Connections: 1, MaxRows: 1, MaxBytes: 100, Timeout: 100 * time.Millisecond,
	})
	const want = "timeout: the database has not answered within 100ms"
	if err := p.Batch(t.Context(), "SELECT pg_sleep(3600)"); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := p.Batch(ctx, "SELECT pg_sleep(3600)"); !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "100ms") {
		t.Errorf("at the deadline of whoever asks: %v", err)
	}
}

// A connection that the server ends in the middle of a question is lost, and the next
// question has another.
func ended(t *testing.T, s *postgrestest.Server) {
	var reason error
	p := open(t, pgpool.Options{
		Host: s.Dir, Port: s.Port, User: s.User, Password: s.Password, Database: "postgres",
		Connections: 1, MaxRows: 1, MaxBytes: 100, Timeout: bounds.Timeout, Failed: func(err error) { reason = err },
	})
	if err := p.Batch(t.Context(), "SELECT pg_terminate_backend(pg_backend_pid())"); !errors.Is(err, lattice.ErrUnavailable) || reason == nil {
		t.Errorf("got %v, for the reason %v", err, reason)
	}
	if err := p.Batch(t.Context(), "SELECT 1"); err != nil {
		t.Errorf("the next question: %v", err)
	}
}

var bounds = postgrestest.Bounds{Timeout: 20e9}
