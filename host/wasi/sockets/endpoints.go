package sockets

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Endpoints are addresses and ports.
type Endpoints struct {
	// Addrs are the addresses. The zero value has none.
	Addrs netip.Prefix
	// Name, if not empty, is a host name in lower case. It may be looked up, and
	// stands for the addresses that the guest got when it did so, but not for
	// those that are particular to the network link, where clouds have services
	// that trust their machines.
	Name string
	// FirstPort and LastPort are the ports, both included. If LastPort is zero,
	// FirstPort is the only one.
	FirstPort, LastPort uint16
}

// ParseEndpoints parses HOST:PORT. HOST is an address, a prefix such as
// 10.0.0.0/8, or a name; those of IPv6 are in brackets. PORT is a number, a range
// such as 8000-8999, or * for all.
func ParseEndpoints(text string) (Endpoints, error) {
	var e Endpoints
	i := strings.LastIndexByte(text, ':')
	if i < 0 {
		return e, fmt.Errorf("%q is not of the form HOST:PORT", text)
	}
	if err := e.parsePorts(text[i+1:]); err != nil {
		return e, fmt.Errorf("%q: %w", text, err)
	}
	if err := e.parseHost(text[:i]); err != nil {
		return e, fmt.Errorf("%q: %w", text, err)
	}
	return e, nil
}

func (e *Endpoints) parsePorts(text string) error {
	if text == "*" {
		e.LastPort = 65535
		return nil
	}
	first, last, isRange := strings.Cut(text, "-")
	from, err := strconv.ParseUint(first, 10, 16)
	to := from
	if err == nil && isRange {
		to, err = strconv.ParseUint(last, 10, 16)
	}
	switch {
	case err != nil:
		return fmt.Errorf("%q is not a port, a range of ports, or *", text)
	case to < from:
		return fmt.Errorf("the range of ports %q is empty", text)
	}
	e.FirstPort, e.LastPort = uint16(from), uint16(to)
	return nil
}

func (e *Endpoints) parseHost(text string) error {
	inner, bracketed := strings.CutPrefix(text, "[")
	if bracketed {
		var closed bool
		if inner, closed = strings.CutSuffix(inner, "]"); !closed {
			return errors.New("there is no ] after [")
		}
	}
	prefix, err := netip.ParsePrefix(inner)
	if addr, e := netip.ParseAddr(inner); e == nil {
		prefix, err = netip.PrefixFrom(addr.WithZone(""), addr.BitLen()), nil
	}
	switch {
	case err != nil && (bracketed || strings.Contains(text, "/")):
		return fmt.Errorf("%q is not an address or prefix", inner)
	case err != nil && !validName(text):
		return fmt.Errorf("%q is not an address, a prefix or a name", text)
	case err != nil:
		e.Name = canonical(text)
	case prefix.Addr().Is4In6():
		return fmt.Errorf("write the IPv4 address of %q as such", inner)
	case prefix.Addr().Is6() && !bracketed:
		return fmt.Errorf("write the IPv6 address in brackets: [%s]", inner)
	case prefix != prefix.Masked():
		return fmt.Errorf("the prefix is %s", prefix.Masked())
	default:
		e.Addrs = prefix
	}
	return nil
}

// canonical returns a host name in the form in which names are compared.
func canonical(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// found are the addresses that a guest got for names. Goroutines that receive use
// them too.
type found struct {
	mu   sync.Mutex
	list []resolved // the newest last
}

// resolved is an address that a name stands for.
type resolved struct {
	name string
	addr netip.Addr
}

// maxFound bounds found. The oldest are forgotten.
const maxFound = 1024

func (f *found) add(name string, addr netip.Addr) {
	r := resolved{name: name, addr: addr.Unmap().WithZone("")}
	if r.addr.IsLinkLocalUnicast() {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case slices.Contains(f.list, r):
		return
	case len(f.list) == maxFound:
		f.list = slices.Delete(f.list, 0, 1)
	}
	f.list = append(f.list, r)
}

func (f *found) has(name string, addr netip.Addr) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Contains(f.list, resolved{name: name, addr: addr})
}

func (e *Endpoints) contain(a netip.AddrPort, f *found) bool {
	addr := a.Addr().WithZone("")
	switch {
	case a.Port() < e.FirstPort || a.Port() > max(e.FirstPort, e.LastPort):
		return false
	case e.Name != "":
		return f.has(e.Name, addr)
	}
	return e.Addrs.Contains(addr)
}

// allowed reports whether a list has an endpoint.
func (s *State) allowed(list []Endpoints, a netip.AddrPort) bool {
	return slices.ContainsFunc(list, func(e Endpoints) bool { return e.contain(a, &s.found) })
}
