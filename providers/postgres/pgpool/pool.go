// Package pgpool answers questions by a pool of connections to a PostgreSQL server, as
// package postgres has it.
//
// A connection that comes back to the pool is reset (ROLLBACK, DISCARD ALL) before
// anybody else is given it, by a goroutine of the pool. Questions that take too long are
// cancelled at the server by a request of their own, so that the connection is kept.
//
// Nothing is connected before the first question.
package pgpool

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/providers/postgres"
)

// TLSMode says what is asked of an encrypted connection.
type TLSMode int

// The modes.
const (
	// TLSVerify has the server's certificate and name be verified.
	TLSVerify TLSMode = iota
	// TLSRequire has the connection be encrypted, with whomever.
	TLSRequire
	// TLSOff has it not be.
	TLSOff
)

// Options configure a Pool. All but CA and Failed must be given.
type Options struct {
	// Host is a name, an address, or the directory of a socket.
	Host                     string
	Port                     uint16
	User, Password, Database string
	TLS                      TLSMode
	// CA is what the server's certificate is verified by, in PEM. If empty, that of the
	// system.
	CA string
	// Connections is how many there are at most, MaxRows and MaxBytes what an answer has
	// at most, and Timeout how long a question takes at most.
	Connections       int
	MaxRows, MaxBytes int
	Timeout           time.Duration
	// Failed, if it is set, is told why the server cannot be reached, in any goroutine
	// and as often as it is asked something.
	Failed func(error)
}

const (
	connectTimeout = 10 * time.Second
	idleTime       = 5 * time.Minute
	resetTime      = 5 * time.Second
	// cancelTime is how long the server has to answer after it was asked to cancel.
	cancelTime = 2 * time.Second
)

// Pool is a postgres.Database.
type Pool struct {
	pool   *pgxpool.Pool
	opts   Options
	hstore atomic.Uint32 // the type's identifier, zero as long as nobody has asked
}

var _ postgres.Database = (*Pool)(nil)

// New returns a pool. It connects to nothing yet.
func New(ctx context.Context, o Options) (*Pool, error) {
	if o.Failed == nil {
		o.Failed = func(error) {}
	}
	// Everything is said below. What is parsed is a place for it, which says of all that
	// pgx would read the environment and files of the host for that there is none.
	c, err := pgxpool.ParseConfig("host=localhost port=5432 user=none dbname=none password=none sslmode=disable passfile=/dev/null servicefile=/dev/null")
	if err != nil {
		return nil, fmt.Errorf("postgres: %w: %v", lattice.ErrInternal, err)
	}
	conn := &c.ConnConfig.Config
	conn.Host, conn.Port, conn.User, conn.Password, conn.Database = o.Host, o.Port, o.User, o.Password, o.Database
	conn.Fallbacks, conn.ValidateConnect, conn.AfterConnect = nil, nil, nil
	conn.RuntimeParams = maps.Clone(postgres.Settings)
	conn.RuntimeParams["application_name"] = "wattle"
	conn.ConnectTimeout = connectTimeout
	if conn.TLSConfig, err = o.tls(); err != nil {
		return nil, err
	}
	conn.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: c, DeadlineDelay: cancelTime}
	}
	c.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	c.MaxConns, c.MinConns, c.MaxConnIdleTime = int32(o.Connections), 0, idleTime //nolint:gosec // it is a few
	c.AfterRelease = reset
	p := &Pool{opts: o}
	if p.pool, err = pgxpool.NewWithConfig(ctx, c); err != nil {
		return nil, fmt.Errorf("postgres: %w: %v", lattice.ErrInternal, err)
	}
	return p, nil
}

func (o *Options) tls() (*tls.Config, error) {
	if o.TLS == TLSOff || strings.HasPrefix(o.Host, "/") {
		return nil, nil //nolint:nilnil // pgx has it for no encryption
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: o.Host, InsecureSkipVerify: o.TLS == TLSRequire} //nolint:gosec // it is what is asked for
	if o.CA != "" {
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM([]byte(o.CA)) {
			return nil, fmt.Errorf("postgres: %w: the certificates to verify the server by cannot be read: want PEM", lattice.ErrInvalid)
		}
	}
	return c, nil
}

// reset has a connection be as new, and reports whether it is.
func reset(c *pgx.Conn) bool {
	ctx, cancel := context.WithTimeout(context.Background(), resetTime)
	defer cancel()
	pc := c.PgConn()
	const idle = 'I'
	if pc.TxStatus() != idle {
		if _, err := pc.Exec(ctx, "ROLLBACK").ReadAll(); err != nil {
			return false
		}
	}
	_, err := pc.Exec(ctx, "DISCARD ALL").ReadAll()
	return err == nil && pc.TxStatus() == idle
}

// Close implements postgres.Database.
func (p *Pool) Close() error {
	p.pool.Close()
	return nil
}

// with calls f with a connection.
func (p *Pool) with(ctx context.Context, f func(context.Context, *pgconn.PgConn) error) error {
	own, cancel := context.WithTimeout(ctx, p.opts.Timeout)
	defer cancel()
	c, err := p.pool.Acquire(own)
	if err != nil {
		return p.unreachable(ctx, own, err)
	}
	defer c.Release()
	return p.plain(ctx, own, f(own, c.Conn().PgConn()))
}

// unreachable is the error of a connection that could not be had: ctx is the context of
// whoever asked, own that of the question.
func (p *Pool) unreachable(ctx, own context.Context, err error) error {
	const invalidAuthorization = "28" // the class
	connect, ok := errors.AsType[*pgconn.ConnectError](err)
	if !ok && own.Err() != nil {
		return p.late(ctx, "no connection to the database was free")
	}
	p.opts.Failed(err)
	if !ok {
		return errUnreachable
	}
	if e, ok := errors.AsType[*pgconn.PgError](connect); ok && strings.HasPrefix(e.Code, invalidAuthorization) {
		return errRefused
	}
	return errUnreachable
}

var (
	errUnreachable = fmt.Errorf("%w: the database cannot be reached", lattice.ErrUnavailable)
	errRefused     = fmt.Errorf("%w: the database does not let in whom the link names", lattice.ErrDenied)
	errLost        = fmt.Errorf("%w: the connection to the database was lost", lattice.ErrUnavailable)
)

// late is the error of a question that has taken too long: of whoever asked, or of the
// pool.
func (p *Pool) late(ctx context.Context, what string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %s", err, what)
	}
	return &timeoutError{fmt.Sprintf("timeout: %s within %v", what, p.opts.Timeout)}
}

// timeoutError is a context.DeadlineExceeded that says what was waited for.
type timeoutError struct{ text string }

func (e *timeoutError) Error() string { return e.text }
func (e *timeoutError) Unwrap() error { return context.DeadlineExceeded }

// plain returns an error as the contract has it.
func (p *Pool) plain(ctx, own context.Context, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*stopped](err); ok {
		return e.err
	}
	const (
		queryCanceled = "57014"
		intervention  = "57P" // what the code of a server begins with that goes away
	)
	e, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case own.Err() != nil && (!ok || e.Code == queryCanceled):
		return p.late(ctx, "the database has not answered")
	case ok && !strings.HasPrefix(e.Code, intervention):
		return &postgres.Error{Code: e.Code, Message: e.Message, Detail: e.Detail}
	}
	p.opts.Failed(fmt.Errorf("the connection was lost: %w", err))
	return errLost
}

// stopped is why a result is read no further.
type stopped struct{ err error }

func (e *stopped) Error() string { return e.err.Error() }

// values returns parameters as the protocol has them.
func values(params []postgres.Param) [][]byte {
	all := make([][]byte, len(params))
	for i := range params {
		if !params[i].Null {
			all[i] = []byte(params[i].Text)
		}
	}
	return all
}

// checkParams refuses more parameters than the protocol can carry.
func checkParams(params []postgres.Param) error {
	const most = 1<<16 - 1
	if len(params) > most {
		return &stopped{fmt.Errorf("%w: a statement has at most %d parameters", lattice.ErrInvalid, most)}
	}
	return nil
}
