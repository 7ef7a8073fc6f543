package wire

import (
	"errors"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
)

// Fault is why an exchange has ended, as a section of a data frame.
//
//	fault = flags:byte code:string host:string message:string
type Fault struct {
	Code    lattice.Code
	Message string
	// Host is where it arose, if that is not the host that says so.
	Host        lattice.HostID
	Undelivered bool
	// Abort says that the handler has cut off its response on purpose.
	Abort bool
}

const (
	faultUndelivered = 1 << iota
	faultAbort
)

// FaultOf returns an error as a fault.
func FaultOf(err error) Fault {
	f := Fault{Code: lattice.CodeOf(err), Message: err.Error(), Undelivered: lattice.Undelivered(err)}
	if e, ok := errors.AsType[*lattice.Error](err); ok {
		f.Host = e.Host
		if err == error(e) { //nolint:errorlint // whether there is more text than its own
			f.Message = e.Message
		}
	}
	return f
}

// Err returns the error that FaultOf was given, as far as the wire keeps it. host
// is where it came from.
func (f *Fault) Err(host lattice.HostID) *lattice.Error {
	e := &lattice.Error{Code: f.Code, Message: f.Message, Host: f.Host, Undelivered: f.Undelivered}
	if e.Host == "" {
		e.Host = host
	}
	return e
}

// AppendFault appends a fault. A message that is too long loses its end.
func AppendFault(dst []byte, f *Fault) []byte {
	var flags byte
	if f.Undelivered {
		flags |= faultUndelivered
	}
	if f.Abort {
		flags |= faultAbort
	}
	dst = appendString(append(dst, flags), f.Code)
	dst = appendString(dst, f.Host)
	return appendString(dst, strings.ToValidUTF8(f.Message[:min(len(f.Message), MaxReason)], ""))
}

// ParseFault reads a fault. A code that there is not becomes CodeInternal.
func ParseFault(section []byte) (Fault, error) {
	c := &cursor{kind: KindData, b: section}
	flags := c.byte()
	code := lattice.Code(c.section(maxCode))
	host := c.section(MaxText)
	f := Fault{
		Code: lattice.CodeOf(code.Sentinel()), Undelivered: flags&faultUndelivered != 0, Abort: flags&faultAbort != 0,
		Message: strings.ToValidUTF8(string(c.section(MaxReason)), "\uFFFD"),
	}
	if flags&^(faultUndelivered|faultAbort) != 0 {
		c.fail("flags that an error cannot have")
	}
	c.end()
	if len(host) > 0 && c.err == nil {
		f.Host, c.err = lattice.ParseHostID(string(host))
	}
	return f, c.done(KindData)
}
