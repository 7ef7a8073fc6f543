package httpclient

import (
	"fmt"
	"net/netip"
)

// DeniedError is a request that no rule allows.
type DeniedError struct {
	Method string
	// URL is the target without query.
	URL string
	// Suggest is a rule that would allow the request.
	Suggest string
}

func (e *DeniedError) Error() string {
	return fmt.Sprintf("%s %s is denied: no rule allows it; the rule %q would", e.Method, e.URL, e.Suggest)
}

// AddressError is a host that resolves to an address its rules do not reach.
type AddressError struct {
	Host string
	Addr netip.Addr
	// Reach says what kind of address it is: "private", "link-local".
	Reach string
	// Suggest is what a rule would have to name.
	Suggest string
}

func (e *AddressError) Error() string {
	s := fmt.Sprintf("host %q is denied: its address %s is %s", e.Host, e.Addr, e.Reach)
	if e.Suggest != "" {
		s += fmt.Sprintf("; only a rule that names %q in full reaches it", e.Suggest)
	}
	return s
}

// LoopError is a request that leads back to this process, or that is one of a
// chain of requests that is too long.
type LoopError struct {
	Host string
	// Addr is the address of this process that was called, if that was it.
	Addr netip.AddrPort
	// Hops is how many requests led to this one.
	Hops int
}

func (e *LoopError) Error() string {
	if e.Addr.IsValid() {
		return fmt.Sprintf("host %q is this server itself (%s): the request would loop", e.Host, e.Addr)
	}
	return fmt.Sprintf("request to %q is the last of a chain of %d: it seems to loop", e.Host, e.Hops)
}

// Phase is a part of a request that has a time limit of its own.
type Phase string

// The phases of a request.
const (
	PhaseConnect   Phase = "connection"
	PhaseFirstByte Phase = "response"
	PhaseRead      Phase = "next bytes of the body"
)

// TimeoutError is a phase that took too long.
type TimeoutError struct {
	Host  string
	Phase Phase
}

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("no %s from %q in time", e.Phase, e.Host)
}

// Timeout marks the error as a timeout, as net.Error has it.
func (e *TimeoutError) Timeout() bool { return true }

// What a LimitError can be about.
const (
	LimitRequests    = "requests at once"
	LimitRequestBody = "bytes of request body"
	LimitHeader      = "bytes of response header"
	LimitBody        = "bytes of response body"
	LimitTrailer     = "bytes of response trailer"
)

// LimitError is a limit of the client that was exceeded.
type LimitError struct {
	What string // one of the Limit constants
	Max  int64
}

func (e *LimitError) Error() string { return fmt.Sprintf("more than %d %s", e.Max, e.What) }

// What a RequestError can be about.
const (
	FieldMethod    = "method"
	FieldURL       = "URL"
	FieldURLLength = "length of the URL"
)

// RequestError is a request that cannot be sent as it is.
type RequestError struct {
	Field  string // one of the Field constants
	Reason string
}

func (e *RequestError) Error() string { return fmt.Sprintf("%s: %s", e.Field, e.Reason) }

// UpgradeError is a server that switched to another protocol.
type UpgradeError struct{ Host string }

func (e *UpgradeError) Error() string {
	return fmt.Sprintf("host %q switched to another protocol, which nobody asked for", e.Host)
}

// ProtocolError is a connection on which something else than HTTP was spoken, or
// that failed in a way that has no type of its own.
type ProtocolError struct {
	Host string
	Err  error
}

func (e *ProtocolError) Error() string {
	return fmt.Sprintf("connection to %q: %v", e.Host, e.Err)
}

// Unwrap returns the cause.
func (e *ProtocolError) Unwrap() error { return e.Err }
