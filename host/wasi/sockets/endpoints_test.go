package sockets_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/wasi/sockets"
)

func TestParseEndpoints(t *testing.T) {
	addrs := func(s string) netip.Prefix { return netip.MustParsePrefix(s) }
	for text, want := range map[string]sockets.Endpoints{
		"127.0.0.1:80":         {Addrs: addrs("127.0.0.1/32"), FirstPort: 80, LastPort: 80},
		"127.0.0.1:0":          {Addrs: addrs("127.0.0.1/32")},
		"10.0.0.0/8:8000-8999": {Addrs: addrs("10.0.0.0/8"), FirstPort: 8000, LastPort: 8999},
		"0.0.0.0/0:*":          {Addrs: addrs("0.0.0.0/0"), LastPort: 65535},
		"[::1]:53":             {Addrs: addrs("::1/128"), FirstPort: 53, LastPort: 53},
		"[2001:db8::/32]:*":    {Addrs: addrs("2001:db8::/32"), LastPort: 65535},
		"[fe80::1%eth0]:1":     {Addrs: addrs("fe80::1/128"), FirstPort: 1, LastPort: 1},
		"DB.example.com.:5432": {Name: "db.example.com", FirstPort: 5432, LastPort: 5432},
		"localhost:*":          {Name: "localhost", LastPort: 65535},
	} {
		got, err := sockets.ParseEndpoints(text)
		if d := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); d != "" || err != nil {
			t.Errorf("ParseEndpoints(%q): %v (-want +got):\n%s", text, err, d)
		}
	}
	for text, why := range map[string]string{
		"":                   "not of the form HOST:PORT",
		"localhost":          "not of the form HOST:PORT",
		"localhost:":         `"" is not a port`,
		"localhost:http":     `"http" is not a port`,
		"localhost:65536":    `"65536" is not a port`,
		"localhost:-1":       `"-1" is not a port`,
		"localhost:2-1":      `the range of ports "2-1" is empty`,
		":80":                `"" is not an address, a prefix or a name`,
		"*:80":               `"*" is not an address, a prefix or a name`,
		"a..b:80":            `"a..b" is not an address`,
		"::1:80":             "in brackets: [::1]",
		"[::1:80":            "no ] after [",
		"[localhost]:80":     `"localhost" is not an address or prefix`,
		"10.0.0.0/33:80":     `"10.0.0.0/33" is not an address or prefix`,
		"10.1.0.0/8:80":      "the prefix is 10.0.0.0/8",
		"[::ffff:1.2.3.4]:1": "write the IPv4 address",
	} {
		if got, err := sockets.ParseEndpoints(text); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("ParseEndpoints(%q) = %v, %v, want an error that says %q", text, got, err, why)
		}
	}
}
