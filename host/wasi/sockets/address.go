package sockets

import (
	"encoding/binary"
	"net/netip"
	"strconv"
)

// familyOf returns the family of an address.
func familyOf(a netip.Addr) IPAddressFamily {
	if a.Is4() {
		return IPAddressFamilyIPv4
	}
	return IPAddressFamilyIPv6
}

// network returns what the net package calls a protocol ("tcp", "udp") over a
// family.
func (f IPAddressFamily) network(protocol string) string {
	if f == IPAddressFamilyIPv4 {
		return protocol + "4"
	}
	return protocol + "6"
}

// addrPort makes the host's form of a socket address.
func addrPort(a IPSocketAddress) netip.AddrPort {
	if a.Tag == IPSocketAddressIPv4 {
		v := a.IPv4.Address
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{v.V0, v.V1, v.V2, v.V3}), a.IPv4.Port)
	}
	v := a.IPv6.Address
	var b [16]byte
	for i, part := range [8]uint16{v.V0, v.V1, v.V2, v.V3, v.V4, v.V5, v.V6, v.V7} {
		binary.BigEndian.PutUint16(b[2*i:], part)
	}
	addr := netip.AddrFrom16(b)
	if a.IPv6.ScopeID != 0 {
		addr = addr.WithZone(strconv.FormatUint(uint64(a.IPv6.ScopeID), 10))
	}
	return netip.AddrPortFrom(addr, a.IPv6.Port)
}

// ipAddress makes the guest's form of an address, which is never an IPv4-mapped
// one.
func ipAddress(a netip.Addr) IPAddress {
	if a = a.Unmap(); a.Is4() {
		b := a.As4()
		return IPAddress{Tag: IPAddressIPv4, IPv4: IPv4Address{V0: b[0], V1: b[1], V2: b[2], V3: b[3]}}
	}
	b := a.As16()
	part := func(i int) uint16 { return binary.BigEndian.Uint16(b[2*i:]) }
	return IPAddress{Tag: IPAddressIPv6, IPv6: IPv6Address{
		V0: part(0), V1: part(1), V2: part(2), V3: part(3), V4: part(4), V5: part(5), V6: part(6), V7: part(7),
	}}
}

// ipSocketAddress makes the guest's form of a socket address.
func ipSocketAddress(a netip.AddrPort) IPSocketAddress {
	ip := ipAddress(a.Addr())
	if ip.Tag == IPAddressIPv4 {
		return IPSocketAddress{Tag: IPSocketAddressIPv4, IPv4: IPv4SocketAddress{Port: a.Port(), Address: ip.IPv4}}
	}
	scope, _ := strconv.ParseUint(a.Addr().Zone(), 10, 32) // an interface's name is none of the guest's business
	return IPSocketAddress{Tag: IPSocketAddressIPv6, IPv6: IPv6SocketAddress{Port: a.Port(), Address: ip.IPv6, ScopeID: uint32(scope)}}
}

// localAddr checks an address to bind to.
func localAddr(family IPAddressFamily, a IPSocketAddress) (netip.AddrPort, error) {
	addr := addrPort(a)
	if familyOf(addr.Addr()) != family || addr.Addr().Is4In6() || !unicast(addr.Addr()) {
		return addr, ErrorCodeInvalidArgument
	}
	return addr, nil
}

// remoteAddr checks an address to connect or send to.
func remoteAddr(family IPAddressFamily, a IPSocketAddress) (netip.AddrPort, error) {
	addr, err := localAddr(family, a)
	if err == nil && (addr.Addr().IsUnspecified() || addr.Port() == 0) {
		err = ErrorCodeInvalidArgument
	}
	return addr, err
}

func unicast(a netip.Addr) bool {
	return !a.IsMulticast() && a != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}
