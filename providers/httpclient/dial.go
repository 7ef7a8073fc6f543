package httpclient

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"time"
)

// maxAddrs is how many addresses of a name are tried.
const maxAddrs = 8

// dial connects to a host after its addresses have been checked. It knows the
// host and port only, not the request, since connections are shared by
// requests: all it decides must depend on these two.
func (c *Client) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	host, portText, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return nil, err
	}
	ips, err := c.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	var (
		allowed []netip.AddrPort
		refused error
	)
	for _, ip := range ips {
		ap := netip.AddrPortFrom(ip.Unmap(), uint16(port))
		if err := c.checkAddr(host, ap); err != nil {
			refused = err
			continue
		}
		allowed = append(allowed, ap)
	}
	if len(allowed) == 0 {
		return nil, refused
	}
	return c.dialAny(ctx, network, allowed)
}

func (c *Client) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	ips, err := c.opts.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	if len(ips) == 0 {
		return nil, &net.DNSError{Err: "no addresses", Name: host, IsNotFound: true}
	}
	return ips[:min(len(ips), maxAddrs)], nil
}

// dialAny tries addresses in turn, each for its share of the time left.
func (c *Client) dialAny(ctx context.Context, network string, addrs []netip.AddrPort) (net.Conn, error) {
	var first error
	deadline, ok := ctx.Deadline()
	if !ok || time.Until(deadline) > c.opts.ConnectTimeout {
		deadline = time.Now().Add(c.opts.ConnectTimeout)
	}
	for i, ap := range addrs {
		share := time.Until(deadline) / time.Duration(len(addrs)-i)
		tryCtx, cancel := context.WithTimeout(ctx, share)
		conn, err := c.opts.DialContext(tryCtx, network, ap.String())
		cancel()
		if err == nil {
			return conn, nil
		}
		if first == nil {
			first = err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, first
}

// checkAddr judges one address of a host.
func (c *Client) checkAddr(host string, ap netip.AddrPort) error {
	if c.isSelf(ap) {
		return &LoopError{Host: host, Addr: ap}
	}
	r := reachOf(ap.Addr())
	if r == reachPublic {
		return nil
	}
	e := &AddressError{Host: host, Addr: ap.Addr(), Reach: r.String()}
	name := host
	switch r {
	case reachNever:
		return e
	case reachLink:
		name = ap.Addr().String()
		e.Suggest = name
		if host != name {
			return e
		}
	default:
		e.Suggest = host
	}
	for i := range c.opts.Rules {
		if c.opts.Rules[i].Names(name, ap.Port()) {
			return nil
		}
	}
	return e
}

// isSelf reports whether this process listens on ap.
func (c *Client) isSelf(ap netip.AddrPort) bool {
	for _, self := range c.opts.Self {
		if self.Port() != ap.Port() {
			continue
		}
		if own := self.Addr().Unmap(); own == ap.Addr() || own.IsUnspecified() && isLocal(ap.Addr()) {
			return true
		}
	}
	return false
}

// isLocal reports whether an address is one of this machine.
func isLocal(a netip.Addr) bool {
	if a.IsLoopback() || a.IsUnspecified() {
		return true
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return true // cannot tell: the careful answer
	}
	for _, ia := range addrs {
		if p, err := netip.ParsePrefix(ia.String()); err == nil && p.Addr().Unmap().WithZone("") == a.WithZone("") {
			return true
		}
	}
	return false
}
