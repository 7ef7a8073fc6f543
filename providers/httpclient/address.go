package httpclient

import "net/netip"

// reach says how far away an address is, from the worst to the best.
type reach uint8

const (
	reachNever   reach = iota // not the address of one host
	reachLink                 // link-local: cloud metadata services
	reachPrivate              // loopback and networks that are not public
	reachPublic
)

func (r reach) String() string {
	return [...]string{"not the address of a host", "link-local", "private", "public"}[r]
}

// Address blocks that are not globally reachable, of the IANA special-purpose
// address registries (RFC 6890), as far as package netip has no word for them.
var special = []struct {
	prefix netip.Prefix
	reach  reach
}{
	// Metadata services of clouds outside of the link-local blocks.
	{netip.MustParsePrefix("100.100.100.200/32"), reachLink},
	{netip.MustParsePrefix("168.63.129.16/32"), reachLink},
	{netip.MustParsePrefix("192.0.0.192/32"), reachLink},
	{netip.MustParsePrefix("fd00:ec2::/32"), reachLink},

	{netip.MustParsePrefix("0.0.0.0/8"), reachNever},
	{netip.MustParsePrefix("100.64.0.0/10"), reachPrivate}, // shared address space, RFC 6598
	{netip.MustParsePrefix("192.0.0.0/24"), reachPrivate},
	{netip.MustParsePrefix("192.0.2.0/24"), reachPrivate},
	{netip.MustParsePrefix("198.18.0.0/15"), reachPrivate},
	{netip.MustParsePrefix("198.51.100.0/24"), reachPrivate},
	{netip.MustParsePrefix("203.0.113.0/24"), reachPrivate},
	{netip.MustParsePrefix("240.0.0.0/4"), reachNever},
	{netip.MustParsePrefix("::/96"), reachNever},            // but ::1, and forms long out of use
	{netip.MustParsePrefix("64:ff9b:1::/48"), reachPrivate}, // local NAT64, RFC 8215
	{netip.MustParsePrefix("100::/64"), reachNever},
	{netip.MustParsePrefix("2001::/23"), reachPrivate}, // Teredo among others
	{netip.MustParsePrefix("2001:db8::/32"), reachPrivate},
	{netip.MustParsePrefix("3fff::/20"), reachPrivate},
	{netip.MustParsePrefix("fec0::/10"), reachPrivate},
}

// Prefixes whose addresses carry an IPv4 address that is reached through them.
var (
	nat64  = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052
	sixTo4 = netip.MustParsePrefix("2002::/16")    // RFC 3056
)

func reachOf(a netip.Addr) reach {
	a = a.Unmap()
	if a.Is6() {
		b := a.As16()
		switch {
		case nat64.Contains(a):
			return reachOf(netip.AddrFrom4([4]byte(b[12:])))
		case sixTo4.Contains(a):
			return reachOf(netip.AddrFrom4([4]byte(b[2:6])))
		}
	}
	switch {
	case a.IsLoopback():
		return reachPrivate
	case !a.IsValid(), a.IsUnspecified(), a.IsMulticast():
		return reachNever
	}
	for _, s := range special {
		if s.prefix.Contains(a) {
			return s.reach
		}
	}
	switch {
	case a.IsLinkLocalUnicast():
		return reachLink
	case a.IsPrivate():
		return reachPrivate
	}
	return reachPublic
}
