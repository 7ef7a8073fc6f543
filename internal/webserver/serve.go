package webserver

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Time limits of connections, where no request is under way.
const (
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
)

// DefaultMaxHeader is how many bytes the header of a request may have.
const DefaultMaxHeader = 64 << 10

// Options configure Serve. The zero value is usable.
type Options struct {
	// MaxHeader is how many bytes the header of a request may have. If zero,
	// DefaultMaxHeader.
	MaxHeader int
	// Grace is how long requests under way may go on after the context has ended.
	Grace time.Duration
	// Logger receives, at the level of debugging, what is wrong with connections.
	// If nil, nothing is logged.
	Logger *slog.Logger
}

// Serve serves connections of l with h until ctx ends. Then it lets the requests
// under way finish, for o.Grace at most, and returns nil if they have. It closes
// l.
func Serve(ctx context.Context, l net.Listener, h http.Handler, o Options) error {
	if o.MaxHeader == 0 {
		o.MaxHeader = DefaultMaxHeader
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	srv := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    o.MaxHeader,
		ErrorLog:          slog.NewLogLogger(o.Logger.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), o.Grace)
	defer cancel()
	err := srv.Shutdown(stop)
	if err != nil {
		// Requests that remain lose their connection, and with it their context.
		err = errors.Join(err, srv.Close())
	}
	if e := <-failed; !errors.Is(e, http.ErrServerClosed) {
		err = errors.Join(err, e)
	}
	return err
}

// unreadTime bounds how long net/http waits for the body of a request that nobody
// reads, to find the next one behind it.
const unreadTime = time.Second

// BoundUnread is for requests that are answered without a look at their body.
// Their clients would keep a connection for as long as they like by not sending
// the body that they have announced.
func BoundUnread(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(unreadTime))
	}
}
