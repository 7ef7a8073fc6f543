package httpclient

import (
	"net/netip"
	"testing"
)

func TestReachOf(t *testing.T) {
	for addr, want := range map[string]reach{
		"8.8.8.8":                  reachPublic,
		"2606:4700::1111":          reachPublic,
		"127.0.0.1":                reachPrivate,
		"127.255.0.9":              reachPrivate,
		"::1":                      reachPrivate,
		"10.1.2.3":                 reachPrivate,
		"172.16.0.1":               reachPrivate,
		"172.32.0.1":               reachPublic,
		"192.168.1.1":              reachPrivate,
		"100.64.0.1":               reachPrivate,
		"fd12::1":                  reachPrivate,
		"169.254.169.254":          reachLink,
		"fe80::1":                  reachLink,
		"fd00:ec2::254":            reachLink,
		"100.100.100.200":          reachLink,
		"168.63.129.16":            reachLink,
		"::ffff:169.254.169.254":   reachLink,
		"64:ff9b::169.254.169.254": reachLink,
		"64:ff9b::10.0.0.1":        reachPrivate,
		"64:ff9b::8.8.8.8":         reachPublic,
		"2002:a9fe:a9fe::1":        reachLink,
		"2002:7f00:1::":            reachPrivate,
		"::127.0.0.1":              reachNever,
		"0.0.0.0":                  reachNever,
		"0.1.2.3":                  reachNever,
		"::":                       reachNever,
		"224.0.0.1":                reachNever,
		"255.255.255.255":          reachNever,
		"ff02::1":                  reachNever,
		"2001:0:4136:e378::":       reachPrivate,
		"2001:db8::1":              reachPrivate,
	} {
		if got := reachOf(netip.MustParseAddr(addr)); got != want {
			t.Errorf("reachOf(%s) = %v, want %v", addr, got, want)
		}
	}
}
