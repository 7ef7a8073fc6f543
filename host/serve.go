package host

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/wattle-dev/wattle/internal/webserver"
)

// Serve serves connections of l until ctx ends. Then it lets the requests under
// way finish, for grace at most, and returns nil if they have. It closes l.
func (s *Server) Serve(ctx context.Context, l net.Listener, grace time.Duration) error {
	err := webserver.Serve(ctx, l, s, webserver.Options{MaxHeader: s.opts.MaxRequestHeader, Grace: grace, Logger: s.opts.Logger})
	if ctx.Err() == nil {
		return err // the listener failed
	}
	if err != nil {
		return errors.Join(err, s.Shutdown(over)) // the time is up
	}
	// All have been answered. What remains is how their instances end.
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	return s.Shutdown(stop)
}
