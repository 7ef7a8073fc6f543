package host

import "sync/atomic"

// Metrics are the counters of a Server.
type Metrics struct {
	// Requests counts all requests.
	Requests atomic.Int64
	// Refused counts those for which no instance was made: the server was full
	// or closing, or the request too large.
	Refused atomic.Int64
	// Failed counts those that the server answered in the guest's place.
	Failed atomic.Int64
	// Aborted counts responses that were cut off.
	Aborted atomic.Int64
	// ClientGone counts clients that left before the end.
	ClientGone atomic.Int64
	// Traps counts traps other than those of time running out.
	Traps atomic.Int64
	// Timeouts counts requests that ran out of time.
	Timeouts atomic.Int64
	// OutputDropped counts bytes of output that exceeded the rate.
	OutputDropped atomic.Int64

	// Exceeded counts by limits what went wrong because of them, or was dropped.
	Exceeded Exceeded

	// Waiting and Running are how many requests are in the queue and in an
	// instance now.
	Waiting, Running atomic.Int64
}
