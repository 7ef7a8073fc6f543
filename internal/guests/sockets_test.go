package guests_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/host/wasi/cli"
	"github.com/wattle-dev/wattle/host/wasi/sockets"
)

// socketsTests are the tests of guests of wasi:sockets.
var socketsTests = map[guest]func(*testing.T, guest){
	"sockets_denied": passes,
	"sockets_limit": func(t *testing.T, g guest) {
		o := onLoopback()
		o.Sockets.MaxSockets = 2
		g.pass(t, o)
	},
	"tcp_echo":      passesOnLoopback,
	"tcp_shutdown":  passesOnLoopback,
	"tcp_states":    passesOnLoopback,
	"tcp_options":   passesOnLoopback,
	"tcp_addresses": func(t *testing.T, g guest) { g.pass(t, withForeignAddress()) },
	"tcp_v6only": func(t *testing.T, g guest) {
		o := onLoopback()
		o.Sockets.Listen = append(o.Sockets.Listen, sockets.Endpoints{Addrs: netip.MustParsePrefix("::/128"), LastPort: 65535})
		g.pass(t, o)
	},
	"tcp_connect":  testTCPConnect,
	"tcp_listen":   testTCPListen,
	"tcp_reset":    testTCPReset,
	"udp_echo":     passesOnLoopback,
	"udp_connect":  passesOnLoopback,
	"udp_states":   func(t *testing.T, g guest) { g.pass(t, withForeignAddress()) },
	"udp_options":  passesOnLoopback,
	"udp_permits":  testUDPPermits,
	"name_lookup":  testNameLookup,
	"name_connect": testNameConnect,
}

// socketsErrorCodes says what meets each error code.
var socketsErrorCodes = map[string]string{
	"unknown":                    "TestErrorCodes of host/wasi/sockets",
	"access-denied":              "sockets_denied tcp_addresses udp_states name_lookup",
	"not-supported":              "TestErrorCodes of host/wasi/sockets",
	"invalid-argument":           "tcp_addresses tcp_options udp_connect udp_states udp_options name_lookup",
	"out-of-memory":              "TestErrorCodes of host/wasi/sockets",
	"timeout":                    "TestErrorCodes of host/wasi/sockets",
	"concurrency-conflict":       "tcp_states udp_states",
	"not-in-progress":            "tcp_states udp_states",
	"would-block":                "tcp_echo tcp_states name_lookup",
	"invalid-state":              "tcp_states tcp_shutdown udp_states udp_connect",
	"new-socket-limit":           "sockets_limit",
	"address-not-bindable":       "tcp_addresses udp_states",
	"address-in-use":             "tcp_addresses udp_states",
	"remote-unreachable":         "TestErrorCodes of host/wasi/sockets",
	"connection-refused":         "tcp_addresses tcp_v6only",
	"connection-reset":           "tcp_reset",
	"connection-aborted":         "TestErrorCodes of host/wasi/sockets",
	"datagram-too-large":         "udp_states",
	"name-unresolvable":          "name_lookup",
	"temporary-resolver-failure": "name_lookup",
	"permanent-resolver-failure": "name_lookup",
}

// onLoopback opens all of the loopback addresses.
func onLoopback(args ...string) wasi.Options {
	local := []sockets.Endpoints{
		{Addrs: netip.MustParsePrefix("127.0.0.0/8"), LastPort: 65535},
		{Addrs: netip.MustParsePrefix("::1/128"), LastPort: 65535},
	}
	return wasi.Options{
		CLI:     cli.Options{Args: args},
		Sockets: sockets.Options{Connect: local, Listen: local, Send: local, Receive: local},
	}
}

func passesOnLoopback(t *testing.T, g guest) { g.pass(t, onLoopback()) }

// withForeignAddress allows a guest to bind to an address for documentation (RFC
// 5737), which the machine does not have.
func withForeignAddress() wasi.Options {
	o := onLoopback()
	foreign := sockets.Endpoints{Addrs: netip.MustParsePrefix("192.0.2.9/32"), LastPort: 65535}
	o.Sockets.Listen = append(o.Sockets.Listen, foreign)
	o.Sockets.Receive = append(o.Sockets.Receive, foreign)
	return o
}

// serveTCP has the first connection to a port of the loopback address served.
// What that returns is in the channel.
func serveTCP(t *testing.T, serve func(*net.TCPConn) error) (port string, done <-chan error) {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	ended := make(chan error, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			ended <- err
			return
		}
		defer func() { _ = c.Close() }()
		ended <- serve(c.(*net.TCPConn))
	}()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), ended
}

func testTCPConnect(t *testing.T, g guest) {
	var got []byte
	port, done := serveTCP(t, func(c *net.TCPConn) error {
		_, err := io.WriteString(c, "welcome")
		var e error
		if got, e = io.ReadAll(c); e != nil {
			return e
		}
		_, e = io.WriteString(c, "from the host")
		return errors.Join(err, e)
	})
	g.pass(t, onLoopback(port))
	if err := <-done; err != nil || string(got) != "from the guest" {
		t.Errorf("the host read %q, %v", got, err)
	}
}

func testTCPListen(t *testing.T, g guest) {
	r, w := io.Pipe()
	o := onLoopback()
	o.CLI.Stdout = w
	sent := bytes.Repeat([]byte("all of it\n"), 50_000)
	back := make(chan []byte, 1)
	go func() {
		port := make([]byte, 8)
		n, _ := r.Read(port)
		c, err := net.Dial("tcp4", "127.0.0.1:"+string(port[:n]))
		if err != nil {
			t.Error(err)
			back <- nil
			return
		}
		defer func() { _ = c.Close() }()
		go func() {
			_, err := c.Write(sent)
			if e := c.(*net.TCPConn).CloseWrite(); err != nil || e != nil {
				t.Errorf("write to the guest: %v, %v", err, e)
			}
		}()
		got, err := io.ReadAll(c)
		if err != nil {
			t.Errorf("read from the guest: %v", err)
		}
		back <- got
	}()
	g.pass(t, o)
	_ = w.Close()
	if got := <-back; !bytes.Equal(got, sent) {
		t.Errorf("%d bytes came back, want the %d that were sent", len(got), len(sent))
	}
}

func testTCPReset(t *testing.T, g guest) {
	port, done := serveTCP(t, func(c *net.TCPConn) error {
		_, err := io.ReadFull(c, make([]byte, 2))
		return errors.Join(err, c.SetLinger(0), c.Close())
	})
	g.pass(t, onLoopback(port))
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func testUDPPermits(t *testing.T, g guest) {
	g.pass(t, onLoopback("permitted"))
	for _, how := range []string{"never asked", "too many", "twice"} {
		g.trap(t, onLoopback(how), "check-send permitted")
	}
}

// lookup is the resolver of the tests.
func lookup(ctx context.Context, _, name string) ([]netip.Addr, error) {
	switch strings.TrimSuffix(strings.ToLower(name), ".") {
	case "both.example.com":
		return []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::1")}, nil
	case "xn--bcher-kva.example.com":
		return []netip.Addr{netip.MustParseAddr("127.0.0.9")}, nil
	case "server.example.com":
		return []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("169.254.169.254")}, nil
	case "missing.example.com":
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	case "busy.example.com":
		return nil, &net.DNSError{Err: "server misbehaving", Name: name, IsTemporary: true}
	case "broken.example.com":
		return nil, &net.DNSError{Err: "cannot unmarshal DNS message", Name: name}
	}
	<-ctx.Done()
	return nil, ctx.Err()
}

func testNameLookup(t *testing.T, g guest) {
	o := onLoopback()
	o.Sockets.Resolve = []string{"*.example.com"}
	o.Sockets.LookupNetIP = lookup
	g.pass(t, o)
}

func testNameConnect(t *testing.T, g guest) {
	port, done := serveTCP(t, func(c *net.TCPConn) error {
		_, err := io.WriteString(c, "welcome")
		return err
	})
	e, err := sockets.ParseEndpoints("server.example.com:" + port)
	if err != nil {
		t.Fatal(err)
	}
	g.pass(t, wasi.Options{
		CLI:     cli.Options{Args: []string{port}},
		Sockets: sockets.Options{Connect: []sockets.Endpoints{e}, LookupNetIP: lookup},
	})
	if err := <-done; err != nil {
		t.Error(err)
	}
}
