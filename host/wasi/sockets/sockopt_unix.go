//go:build unix

package sockets

import (
	"strings"

	"golang.org/x/sys/unix"
)

// setHopLimit sets the hop limit of a socket of the host.
func setHopLimit(fd uintptr, network string, n int) error {
	if strings.HasSuffix(network, "6") {
		return unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_UNICAST_HOPS, n)
	}
	return unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_TTL, n)
}
