package mcp

import (
	"time"

	"github.com/wattle-dev/wattle/lattice"
)

// limitKey is what calls are counted by.
type limitKey struct {
	subject string
	server  lattice.ServerName
	tool    string
}

// bucket holds what a caller may still call.
type bucket struct {
	left float64
	at   time.Time
}

// limited counts a call, and says for how long the caller has to wait if it has made too
// many: perMinute at once, and then one every minute / perMinute.
func (g *Gateway) limited(key limitKey, perMinute int, now time.Time) time.Duration {
	if perMinute <= 0 {
		return 0
	}
	var wait time.Duration
	g.limits.change(key, func(b bucket, ok bool) bucket {
		if !ok {
			b = bucket{left: float64(perMinute), at: now}
		}
		if passed := now.Sub(b.at); passed > 0 {
			b.left = min(b.left+passed.Minutes()*float64(perMinute), float64(perMinute))
			b.at = now
		}
		if b.left < 1 {
			wait = time.Duration((1 - b.left) / float64(perMinute) * float64(time.Minute))
			return b
		}
		b.left--
		return b
	})
	return wait
}
