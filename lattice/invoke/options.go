package invoke

import (
	"log/slog"
	"time"

	"github.com/wattle-dev/wattle/lattice/wire"
)

// Defaults and limits.
const (
	// DefaultMaxCalls is how many calls from elsewhere a server carries out at once.
	DefaultMaxCalls = 1024
	// DefaultWindow is how much of a body is on its way or waits, in each direction.
	DefaultWindow = 256 << 10
	// DefaultMaxValue bounds the parameters or the result of a call of a function.
	DefaultMaxValue = 16 << 20
	// DefaultMaxMemory bounds what bodies and values of all calls of a server take.
	DefaultMaxMemory = 128 << 20
	// DefaultTimeout bounds calls of functions that have no deadline.
	DefaultTimeout = time.Minute

	// probeAfter is how long the other side is silent before it is asked, and
	// probeEvery how often it is asked from then on.
	probeAfter = 500 * time.Millisecond
	probeEvery = time.Second
	// giveUp is how long the other side may be silent altogether.
	giveUp = 5 * time.Second
	// giveUpAway is how long it may be while there is no connection to NATS.
	giveUpAway = 10 * time.Second
	// shunFor is how long a router passes by a host that has failed.
	shunFor = 2 * time.Second
	// slack is how long a probe and its answer may take together for the answer
	// to be certain.
	slack = 2 * time.Second
	// lookEvery is how often exchanges are looked after.
	lookEvery = 100 * time.Millisecond
	// resendAfter is how long frames that were asked for are awaited.
	resendAfter = 200 * time.Millisecond

	// minWindow is the window of a call when the memory for windows is used up.
	minWindow = 16 << 10
	// maxDone is how many ended calls a server remembers, and maxDoneBytes how
	// much of what it has sent to end them.
	maxDone      = 64 << 10
	maxDoneBytes = 16 << 20
	// maxHosts is how many hosts a client or a router remembers.
	maxHosts = 4096
	// maxLost is how often a request that was lost on the way is sent to a host.
	maxLost = 4
	// firstRead is how long the beginning of a request's body is awaited before
	// the request goes without it.
	firstRead = 5 * time.Millisecond
)

// Options configure a Server, a Client or a Router. The zero value is usable.
type Options struct {
	// MaxCalls is how many calls a Server carries out at once; more are refused,
	// for certain not begun. If zero, DefaultMaxCalls.
	MaxCalls int
	// Window is how much of a body may be on its way in one direction. If zero,
	// DefaultWindow; wire.MaxWindow at most.
	Window int
	// MaxValue bounds the parameters and the results of calls of functions, in
	// bytes. If zero, DefaultMaxValue.
	MaxValue int
	// MaxMemory bounds what the bodies of all calls of a Server take. When it is
	// used up calls go on with small windows, and large values are refused. If
	// zero, DefaultMaxMemory.
	MaxMemory int
	// Timeout bounds calls of functions whose context has no deadline. If zero,
	// DefaultTimeout.
	Timeout time.Duration
	// Logger is told of panics of handlers and of frames that cannot be. If nil,
	// nobody is.
	Logger *slog.Logger
}

// withDefaults returns options in which everything is set. opts may be nil.
func withDefaults(opts *Options) Options {
	var o Options
	if opts != nil {
		o = *opts
	}
	or := func(n *int, def int) {
		if *n <= 0 {
			*n = def
		}
	}
	or(&o.MaxCalls, DefaultMaxCalls)
	or(&o.Window, DefaultWindow)
	o.Window = min(max(o.Window, minWindow), wire.MaxWindow)
	or(&o.MaxValue, DefaultMaxValue)
	or(&o.MaxMemory, DefaultMaxMemory)
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}
