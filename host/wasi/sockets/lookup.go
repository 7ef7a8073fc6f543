package sockets

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/wattle-dev/wattle/host/component"
	wasiio "github.com/wattle-dev/wattle/host/wasi/io"
)

// lookupTimeout bounds a name lookup.
const lookupTimeout = 10 * time.Second

// ResolveAddressStream is the resource
// wasi:sockets/ip-name-lookup.resolve-address-stream.
type ResolveAddressStream struct {
	state  *State
	name   string // in canonical form
	cancel context.CancelFunc
	done   wasiio.Flag

	mu    sync.Mutex
	addrs []netip.Addr
	err   error
}

// ResolveAddresses implements ip-name-lookup.resolve-addresses. An address needs
// no permission, as it is not looked up.
func (s *State) ResolveAddresses(_ *component.Call, _ *Network, name string) (*ResolveAddressStream, error) {
	addr, err := netip.ParseAddr(name)
	if err != nil {
		name = encodeName(name)
	}
	switch {
	case err == nil:
	case !validName(name):
		return nil, ErrorCodeInvalidArgument
	case !s.opts.resolvable(name):
		return nil, ErrorCodeAccessDenied
	}
	if err := s.acquire(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookupTimeout)
	r := &ResolveAddressStream{state: s, name: canonical(name), cancel: cancel}
	if err == nil {
		r.finish([]netip.Addr{addr}, nil)
		return r, nil
	}
	go func() {
		defer cancel()
		r.finish(s.opts.LookupNetIP(ctx, "ip", name))
	}()
	return r, nil
}

// maxName is the most bytes of a Unicode name that is encoded.
const maxName = 1 << 10

// encodeName returns a name in ASCII, encoded by IDNA if it is not, or "" when
// that cannot be done.
func encodeName(name string) string {
	if !strings.ContainsFunc(name, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return name
	}
	if len(name) > maxName {
		return ""
	}
	ascii, err := idna.Lookup.ToASCII(name)
	if err != nil {
		return ""
	}
	return ascii
}

// validName reports whether an ASCII name can be that of a host.
func validName(name string) bool {
	name = strings.TrimSuffix(name, ".")
	if name == "" || len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range []byte(label) {
			if c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
				return false
			}
		}
	}
	return true
}

func (r *ResolveAddressStream) finish(addrs []netip.Addr, err error) {
	r.mu.Lock()
	r.addrs, r.err = addrs, err
	r.mu.Unlock()
	r.done.Set()
}

// ResolveNextAddress implements resolve-address-stream.resolve-next-address.
func (r *ResolveAddressStream) ResolveNextAddress(*component.Call) (component.Option[IPAddress], error) {
	if !r.done.Ready() {
		return component.Option[IPAddress]{}, ErrorCodeWouldBlock
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return component.Option[IPAddress]{}, lookupCode(r.err)
	}
	if len(r.addrs) == 0 {
		return component.Option[IPAddress]{}, nil
	}
	next := r.addrs[0]
	r.addrs = r.addrs[1:]
	r.state.found.add(r.name, next)
	return component.Some(ipAddress(next)), nil
}

// lookupCode returns the error-code of a failed lookup.
func lookupCode(err error) ErrorCode {
	var dns *net.DNSError
	switch {
	case !errors.As(err, &dns):
		return ErrorCodePermanentResolverFailure
	case dns.IsNotFound:
		return ErrorCodeNameUnresolvable
	case dns.IsTimeout || dns.IsTemporary:
		return ErrorCodeTemporaryResolverFailure
	}
	return ErrorCodePermanentResolverFailure
}

// Subscribe implements resolve-address-stream.subscribe.
func (r *ResolveAddressStream) Subscribe(*component.Call) (*wasiio.Pollable, error) {
	return wasiio.NewPollable(&r.done), nil
}

// Drop implements component.Dropper.
func (r *ResolveAddressStream) Drop(context.Context) {
	r.cancel()
	r.state.release()
}
