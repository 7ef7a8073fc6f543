package httpclient

import (
	"net/http"
	"strconv"
)

// HopHeader says how many requests of this kind led to a request.
const HopHeader = "Wattle-Hops"

// DefaultMaxHops is the default of Options.MaxHops.
const DefaultMaxHops = 8

// Hops returns how many requests led to the one with the given header: zero
// unless the header says so.
func Hops(h http.Header) int {
	n, err := strconv.ParseUint(h.Get(HopHeader), 10, 31)
	if err != nil {
		return 0
	}
	return int(n)
}
