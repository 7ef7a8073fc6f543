package sockets

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/host/component"
	wasiio "github.com/wattle-dev/wattle/host/wasi/io"
)

// loopback allows everything on the loopback addresses.
func loopback() Options {
	local := []Endpoints{
		{Addrs: netip.MustParsePrefix("127.0.0.0/8"), LastPort: 65535},
		{Addrs: netip.MustParsePrefix("::1/128"), LastPort: 65535},
	}
	return Options{Connect: local, Listen: local, Send: local, Receive: local, Resolve: []string{"localhost", "*.example.com"}}
}

// at makes a socket address.
func at(s string) IPSocketAddress { return ipSocketAddress(netip.MustParseAddrPort(s)) }

// code checks for an error-code.
func code(t *testing.T, what string, err error, want ErrorCode) {
	t.Helper()
	if got, ok := err.(ErrorCode); !ok || got != want { //nolint:errorlint // the bindings demand the type itself
		t.Errorf("%s = %v, want error-code %v", what, err, want)
	}
}

func wait(t *testing.T, e wasiio.Event) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := wasiio.Wait(ctx, e); err != nil {
		t.Fatal(err)
	}
}

// must fails the test for an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestNothingIsAllowed(t *testing.T) {
	s := NewState(Options{})
	for _, family := range []IPAddressFamily{IPAddressFamilyIPv4, IPAddressFamilyIPv6} {
		_, err := s.CreateTCPSocket(nil, family)
		code(t, "create-tcp-socket", err, ErrorCodeAccessDenied)
		_, err = s.CreateUDPSocket(nil, family)
		code(t, "create-udp-socket", err, ErrorCodeAccessDenied)
	}
	_, err := s.ResolveAddresses(nil, &Network{}, "localhost")
	code(t, "resolve-addresses", err, ErrorCodeAccessDenied)
}

func TestOnlyWhatIsNamedIsAllowed(t *testing.T) {
	s := NewState(Options{
		Connect: []Endpoints{{Addrs: netip.MustParsePrefix("192.0.2.0/24"), FirstPort: 80, LastPort: 90}},
		Send:    []Endpoints{{Addrs: netip.MustParsePrefix("2001:db8::/32"), FirstPort: 53}},
	})
	network := &Network{}
	tcp, err := s.CreateTCPSocket(nil, IPAddressFamilyIPv4)
	must(t, err)
	defer tcp.Drop(t.Context())
	for _, to := range []string{"127.0.0.1:80", "192.0.2.1:79", "192.0.2.1:91", "192.0.3.1:80", "169.254.169.254:80"} {
		code(t, "start-connect "+to, tcp.StartConnect(nil, network, at(to)), ErrorCodeAccessDenied)
	}
	for _, to := range []string{"0.0.0.0:80", "192.0.2.1:0", "224.0.0.1:80", "255.255.255.255:80", "[2001:db8::1]:80"} {
		code(t, "start-connect "+to, tcp.StartConnect(nil, network, at(to)), ErrorCodeInvalidArgument)
	}
	code(t, "start-bind", tcp.StartBind(nil, network, at("127.0.0.1:8080")), ErrorCodeAccessDenied)
	must(t, errors.Join(tcp.StartBind(nil, network, at("127.0.0.1:0")), tcp.FinishBind(nil)))
	code(t, "start-listen of a client", tcp.StartListen(nil), ErrorCodeAccessDenied)
	code(t, "start-connect on another network", tcp.StartConnect(nil, &Network{}, at("192.0.2.1:80")), ErrorCodeInvalidArgument)

	udp, err := s.CreateUDPSocket(nil, IPAddressFamilyIPv6)
	must(t, err)
	defer udp.Drop(t.Context())
	code(t, "start-bind to a port", udp.StartBind(nil, network, at("[::1]:5353")), ErrorCodeAccessDenied)
	mapped := IPSocketAddress{Tag: IPSocketAddressIPv6, IPv6: IPv6SocketAddress{Address: IPv6Address{V5: 0xffff, V6: 0x7f00, V7: 1}}}
	code(t, "start-bind to an IPv4-mapped address", udp.StartBind(nil, network, mapped), ErrorCodeInvalidArgument)
	must(t, errors.Join(udp.StartBind(nil, network, at("[::1]:0")), udp.FinishBind(nil)))
	_, err = udp.Stream(nil, component.Some(at("[::1]:53")))
	code(t, "stream", err, ErrorCodeAccessDenied)
	streams, err := udp.Stream(nil, component.Option[IPSocketAddress]{})
	must(t, err)
	defer streams.V0.Drop(t.Context())
	defer streams.V1.Drop(t.Context())
	if _, err := streams.V1.CheckSend(nil); err != nil {
		t.Fatal(err)
	}
	for to, want := range map[string]ErrorCode{"[::1]:53": ErrorCodeAccessDenied, "[2001:db8::1]:54": ErrorCodeAccessDenied, "127.0.0.1:53": ErrorCodeInvalidArgument} {
		_, err = streams.V1.Send(nil, []OutgoingDatagram{{RemoteAddress: component.Some(at(to))}})
		code(t, "send to "+to, err, want)
	}
}

// listenOn makes a socket that listens.
func listenOn(t *testing.T, s *State, address string) *TCPSocket {
	t.Helper()
	addr := at(address)
	l, err := s.CreateTCPSocket(nil, familyOf(addrPort(addr).Addr()))
	must(t, err)
	t.Cleanup(func() { l.Drop(context.Background()) })
	code(t, "local-address", second(l.LocalAddress(nil)), ErrorCodeInvalidState)
	code(t, "finish-bind", l.FinishBind(nil), ErrorCodeNotInProgress)
	code(t, "start-listen", l.StartListen(nil), ErrorCodeInvalidState)
	must(t, l.StartBind(nil, &Network{}, addr))
	code(t, "start-bind again", l.StartBind(nil, &Network{}, addr), ErrorCodeConcurrencyConflict)
	must(t, l.FinishBind(nil))
	code(t, "start-bind once more", l.StartBind(nil, &Network{}, addr), ErrorCodeInvalidState)
	must(t, errors.Join(l.StartListen(nil), l.FinishListen(nil)))
	if is, _ := l.IsListening(nil); !is {
		t.Error("is-listening = false")
	}
	return l
}

func second[T any](_ T, err error) error { return err }

func TestTCP(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		t.Run(address, func(t *testing.T) {
			s := NewState(loopback())
			l := listenOn(t, s, address)
			_, err := l.Accept(nil)
			code(t, "accept of nobody", err, ErrorCodeWouldBlock)
			addr, err := l.LocalAddress(nil)
			must(t, err)

			client, err := s.CreateTCPSocket(nil, l.family)
			must(t, err)
			code(t, "finish-connect", second(client.FinishConnect(nil)), ErrorCodeNotInProgress)
			code(t, "shutdown", client.Shutdown(nil, ShutdownTypeBoth), ErrorCodeInvalidState)
			must(t, client.StartConnect(nil, &Network{}, addr))
			wait(t, tcpEvent{client})
			ends, err := client.FinishConnect(nil)
			must(t, err)
			wait(t, tcpEvent{l})
			served, err := l.Accept(nil)
			must(t, err)
			server := served.V0

			remote, err := client.RemoteAddress(nil)
			if err != nil || remote != addr {
				t.Errorf("remote-address = %v, %v, want %v", remote, err, addr)
			}
			local, _ := client.LocalAddress(nil)
			if peer, err := server.RemoteAddress(nil); err != nil || peer != local {
				t.Errorf("remote-address of the server = %v, %v, want %v", peer, err, local)
			}

			if _, err := ends.V1.CheckWrite(nil); err != nil {
				t.Fatal(err)
			}
			must(t, ends.V1.Write(nil, []byte("hello")))
			must(t, client.Shutdown(nil, ShutdownTypeSend))
			closedStream(t, "check-write after shutdown", second(ends.V1.CheckWrite(nil)))
			if got := readAll(t, server, served.V1); got != "hello" {
				t.Errorf("the server reads %q", got)
			}
			if _, err := served.V2.CheckWrite(nil); err != nil {
				t.Fatal(err)
			}
			must(t, served.V2.Write(nil, []byte("world")))
			served.V1.Drop(t.Context())
			served.V2.Drop(t.Context())
			server.Drop(t.Context())
			if got := readAll(t, client, ends.V0); got != "world" {
				t.Errorf("the client reads %q", got)
			}
			must(t, client.Shutdown(nil, ShutdownTypeBoth))
			ends.V0.Drop(t.Context())
			ends.V1.Drop(t.Context())
			client.Drop(t.Context())
		})
	}
}

func closedStream(t *testing.T, what string, err error) {
	t.Helper()
	var e *wasiio.StreamError
	if !errors.As(err, &e) || e.Tag != wasiio.StreamErrorClosed {
		t.Errorf("%s = %v, want closed", what, err)
	}
}

// readAll reads a stream of a socket to its end.
func readAll(t *testing.T, s *TCPSocket, in *wasiio.InputStream) string {
	t.Helper()
	var all strings.Builder
	for {
		wait(t, s.conn.in)
		b, err := in.Read(nil, 1000)
		all.Write(b)
		if err != nil {
			closedStream(t, "read at the end", err)
			return all.String()
		}
	}
}

func TestTCPConnectionRefused(t *testing.T) {
	s := NewState(loopback())
	l := listenOn(t, s, "127.0.0.1:0")
	addr, err := l.LocalAddress(nil)
	must(t, err)
	l.listener.close()
	client, err := s.CreateTCPSocket(nil, IPAddressFamilyIPv4)
	must(t, err)
	defer client.Drop(t.Context())
	must(t, client.StartConnect(nil, &Network{}, addr))
	code(t, "start-connect again", client.StartConnect(nil, &Network{}, addr), ErrorCodeConcurrencyConflict)
	wait(t, tcpEvent{client})
	code(t, "finish-connect", second(client.FinishConnect(nil)), ErrorCodeConnectionRefused)
	code(t, "start-connect after a failure", client.StartConnect(nil, &Network{}, addr), ErrorCodeInvalidState)
}

func TestAddressInUse(t *testing.T) {
	s := NewState(loopback())
	addr, err := listenOn(t, s, "127.0.0.1:0").LocalAddress(nil)
	must(t, err)
	other, err := s.CreateTCPSocket(nil, IPAddressFamilyIPv4)
	must(t, err)
	defer other.Drop(t.Context())
	code(t, "start-bind", other.StartBind(nil, &Network{}, addr), ErrorCodeAddressInUse)
	must(t, other.StartBind(nil, &Network{}, at("127.0.0.1:0"))) // a bind that failed can be repeated
}

// A connection that nobody has accepted ends with the listener, and the
// goroutine of a reader with its socket.
func TestDropEndsEverything(t *testing.T) {
	s := NewState(loopback())
	l := listenOn(t, s, "127.0.0.1:0")
	c, err := net.Dial("tcp", l.local.String())
	must(t, err)
	defer func() { _ = c.Close() }()
	wait(t, tcpEvent{l})
	served, err := l.Accept(nil)
	must(t, err)
	if _, err := served.V1.Read(nil, 1); err != nil {
		t.Error(err)
	}
	served.V1.Drop(t.Context())
	served.V2.Drop(t.Context())
	served.V0.Drop(t.Context())
	must(t, c.SetReadDeadline(time.Now().Add(time.Minute)))
	if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the peer of a dropped connection reads %d, %v", n, err)
	}
	// The rest is sent by a goroutine, which then closes the connection.
	for deadline := time.Now().Add(time.Minute); s.open.Load() != 1; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d sockets are counted, want that which listens", s.open.Load())
		}
	}
}

// Connections that come in while the guest is busy wait for it.
func TestAcceptInTurn(t *testing.T) {
	l := listenOn(t, NewState(loopback()), "127.0.0.1:0")
	want := map[IPSocketAddress]bool{}
	const clients = 5
	for range clients {
		c, err := net.Dial("tcp", l.local.String())
		must(t, err)
		defer func() { _ = c.Close() }()
		want[ipSocketAddress(addrOf(c.LocalAddr()))] = true
	}
	for range clients {
		wait(t, tcpEvent{l})
		served, err := l.Accept(nil)
		must(t, err)
		peer, err := served.V0.RemoteAddress(nil)
		if err != nil || !want[peer] {
			t.Errorf("accepted %v, %v, want one of %v", peer, err, want)
		}
		delete(want, peer)
		served.V1.Drop(t.Context())
		served.V2.Drop(t.Context())
		served.V0.Drop(t.Context())
	}
	code(t, "accept of nobody", second(l.Accept(nil)), ErrorCodeWouldBlock)
}

func TestSocketsAreBounded(t *testing.T) {
	opts := loopback()
	opts.MaxSockets = 2
	s := NewState(opts)
	a, err := s.CreateTCPSocket(nil, IPAddressFamilyIPv4)
	must(t, err)
	b, err := s.CreateUDPSocket(nil, IPAddressFamilyIPv4)
	must(t, err)
	code(t, "create-tcp-socket", second(s.CreateTCPSocket(nil, IPAddressFamilyIPv4)), ErrorCodeNewSocketLimit)
	code(t, "resolve-addresses", second(s.ResolveAddresses(nil, nil, "localhost")), ErrorCodeNewSocketLimit)
	a.Drop(t.Context())
	c, err := s.CreateUDPSocket(nil, IPAddressFamilyIPv4)
	must(t, err)
	b.Drop(t.Context())
	c.Drop(t.Context())
	if n := s.open.Load(); n != 0 {
		t.Errorf("%d sockets are counted, none is left", n)
	}
}

func TestOptions(t *testing.T) {
	s := NewState(loopback())
	tcp, err := s.CreateTCPSocket(nil, IPAddressFamilyIPv4)
	must(t, err)
	defer tcp.Drop(t.Context())
	for what, err := range map[string]error{
		"set-listen-backlog-size":  tcp.SetListenBacklogSize(nil, 0),
		"set-keep-alive-idle-time": tcp.SetKeepAliveIdleTime(nil, 0),
		"set-keep-alive-interval":  tcp.SetKeepAliveInterval(nil, 0),
		"set-keep-alive-count":     tcp.SetKeepAliveCount(nil, 0),
		"set-hop-limit":            tcp.SetHopLimit(nil, 0),
		"set-receive-buffer-size":  tcp.SetReceiveBufferSize(nil, 0),
		"set-send-buffer-size":     tcp.SetSendBufferSize(nil, 0),
	} {
		code(t, what+"(0)", err, ErrorCodeInvalidArgument)
	}
	must(t, errors.Join(tcp.SetKeepAliveEnabled(nil, true), tcp.SetKeepAliveIdleTime(nil, 1), tcp.SetHopLimit(nil, 7), tcp.SetSendBufferSize(nil, 1<<60)))
	idle, _ := tcp.KeepAliveIdleTime(nil)
	hops, _ := tcp.HopLimit(nil)
	size, _ := tcp.SendBufferSize(nil)
	if idle != minKeepAlive || hops != 7 || size != maxBuffer {
		t.Errorf("options are %d, %d, %d, want %d, 7, %d", idle, hops, size, minKeepAlive, maxBuffer)
	}
}

func TestUDP(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		t.Run(address, func(t *testing.T) {
			s := NewState(loopback())
			server, client := bindUDP(t, s, address), bindUDP(t, s, address)
			in, out := streamUDP(t, server, component.Option[IPSocketAddress]{})
			serverAddr, err := server.LocalAddress(nil)
			must(t, err)
			clientAddr, err := client.LocalAddress(nil)
			must(t, err)
			answers, questions := streamUDP(t, client, component.Some(serverAddr))

			if _, err := questions.Send(nil, []OutgoingDatagram{{}}); err == nil || errors.As(err, new(ErrorCode)) {
				t.Errorf("send without check-send = %v, want a trap", err)
			}
			if n, err := questions.CheckSend(nil); n != maxSend || err != nil {
				t.Fatalf("check-send = %d, %v", n, err)
			}
			n, err := questions.Send(nil, []OutgoingDatagram{{Data: []byte("one")}, {Data: []byte("two"), RemoteAddress: component.Some(serverAddr)}})
			if n != 2 || err != nil {
				t.Fatalf("send = %d, %v", n, err)
			}
			code(t, "send to another", second(questions.Send(nil, []OutgoingDatagram{{RemoteAddress: component.Some(clientAddr)}})), ErrorCodeInvalidArgument)
			code(t, "send of too much", second(questions.Send(nil, []OutgoingDatagram{{Data: make([]byte, maxDatagram+1)}})), ErrorCodeDatagramTooLarge)

			var got []string
			for len(got) < 2 {
				wait(t, in.streams)
				list, err := in.Receive(nil, 1)
				must(t, err)
				for _, d := range list {
					if d.RemoteAddress != clientAddr {
						t.Errorf("datagram from %v, want %v", d.RemoteAddress, clientAddr)
					}
					got = append(got, string(d.Data))
				}
			}
			if !slices.Equal(got, []string{"one", "two"}) {
				t.Errorf("received %q", got)
			}
			if _, err := out.CheckSend(nil); err != nil {
				t.Fatal(err)
			}
			code(t, "send to nobody", second(out.Send(nil, []OutgoingDatagram{{}})), ErrorCodeInvalidArgument)
			if n, err := out.Send(nil, []OutgoingDatagram{{Data: []byte("answer"), RemoteAddress: component.Some(clientAddr)}}); n != 1 || err != nil {
				t.Fatalf("send = %d, %v", n, err)
			}
			wait(t, answers.streams)
			if list, err := answers.Receive(nil, 10); err != nil || len(list) != 1 || string(list[0].Data) != "answer" {
				t.Errorf("receive = %v, %v", list, err)
			}

			// Only the newest streams of a socket work.
			streamUDP(t, client, component.Option[IPSocketAddress]{})
			code(t, "receive of an older stream", second(answers.Receive(nil, 1)), ErrorCodeInvalidState)
			code(t, "check-send of an older stream", second(questions.CheckSend(nil)), ErrorCodeInvalidState)
		})
	}
}

func bindUDP(t *testing.T, s *State, address string) *UDPSocket {
	t.Helper()
	u, err := s.CreateUDPSocket(nil, familyOf(netip.MustParseAddrPort(address).Addr()))
	must(t, err)
	t.Cleanup(func() { u.Drop(context.Background()) })
	code(t, "stream", second(u.Stream(nil, component.Option[IPSocketAddress]{})), ErrorCodeInvalidState)
	must(t, errors.Join(u.StartBind(nil, &Network{}, at(address)), u.FinishBind(nil)))
	return u
}

func streamUDP(t *testing.T, u *UDPSocket, to component.Option[IPSocketAddress]) (*IncomingDatagramStream, *OutgoingDatagramStream) {
	t.Helper()
	streams, err := u.Stream(nil, to)
	must(t, err)
	t.Cleanup(func() {
		streams.V0.Drop(context.Background())
		streams.V1.Drop(context.Background())
	})
	return streams.V0, streams.V1
}

// A guest that may send to somebody is not reached by others, nor are streams
// that are limited to one peer.
func TestUDPHearsOnlyWhomItMay(t *testing.T) {
	friend, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	must(t, err)
	defer func() { _ = friend.Close() }()
	stranger, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	must(t, err)
	defer func() { _ = stranger.Close() }()
	addr := addrOf(friend.LocalAddr())
	limited := Options{Send: []Endpoints{{Addrs: netip.PrefixFrom(addr.Addr(), 32), FirstPort: addr.Port()}}}
	for _, test := range []struct {
		name string
		opts Options
		peer component.Option[IPSocketAddress]
	}{
		{"by permission", limited, component.Option[IPSocketAddress]{}},
		{"by stream", loopback(), component.Some(ipSocketAddress(addr))},
	} {
		t.Run(test.name, func(t *testing.T) {
			u := bindUDP(t, NewState(test.opts), "127.0.0.1:0")
			in, _ := streamUDP(t, u, test.peer)
			for _, c := range []*net.UDPConn{stranger, friend} {
				if _, err := c.WriteToUDPAddrPort([]byte(c.LocalAddr().String()), u.local); err != nil {
					t.Fatal(err)
				}
			}
			wait(t, in.streams)
			if list, err := in.Receive(nil, 10); err != nil || len(list) != 1 || string(list[0].Data) != addr.String() {
				t.Errorf("receive = %v, %v, want what %v sent", list, err, addr)
			}
		})
	}
}

func TestResolve(t *testing.T) {
	s := NewState(loopback())
	for name, want := range map[string]ErrorCode{
		"example.com": ErrorCodeAccessDenied, "evil-example.com": ErrorCodeAccessDenied, "localhost.evil": ErrorCodeAccessDenied,
		"": ErrorCodeInvalidArgument, "a..b": ErrorCodeInvalidArgument, "a b": ErrorCodeInvalidArgument, "-a": ErrorCodeInvalidArgument,
		strings.Repeat("a", 64): ErrorCodeInvalidArgument, "127.0.0.1:80": ErrorCodeInvalidArgument, "local\x00host": ErrorCodeInvalidArgument,
	} {
		code(t, "resolve-addresses "+name, second(s.ResolveAddresses(nil, nil, name)), want)
	}
	for name, want := range map[string]string{"192.0.2.7": "192.0.2.7:0", "::ffff:192.0.2.7": "192.0.2.7:0", "2001:db8::1": "[2001:db8::1]:0"} {
		r, err := s.ResolveAddresses(nil, nil, name)
		must(t, err)
		got, err := r.ResolveNextAddress(nil)
		if wantIP := ipAddress(netip.MustParseAddrPort(want).Addr()); err != nil || got != component.Some(wantIP) {
			t.Errorf("resolve %q = %v, %v, want %v", name, got, err, wantIP)
		}
		if got, err := r.ResolveNextAddress(nil); err != nil || got.Some {
			t.Errorf("resolve %q after the last = %v, %v, want none", name, got, err)
		}
		r.Drop(t.Context())
	}
	r, err := s.ResolveAddresses(nil, nil, "localhost")
	must(t, err)
	defer r.Drop(t.Context())
	wait(t, &r.done)
	got, err := r.ResolveNextAddress(nil)
	if err != nil || !got.Some || got.Value != ipAddress(netip.MustParseAddr("127.0.0.1")) && got.Value != ipAddress(netip.IPv6Loopback()) {
		t.Errorf("resolve localhost = %v, %v", got, err)
	}
}
