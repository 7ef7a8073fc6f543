// Two sockets of one guest send each other datagrams, over IPv4 and IPv6.
#include "sockets.h"

static void talk(uint8_t family) {
	endpoint a, b, got;
	udp one = udp_bind(family, &a), two = udp_bind(family, &b);
	CHECK_EQ(UDP(address_family)(one), family);
	FAILS(UDP(remote_address)(one, &got, &code), INVALID_STATE);
	wait(UDP(subscribe)(one)); // no operation of the socket itself waits
	streams s = udp_stream(one, NULL), r = udp_stream(two, NULL);
	FAILS(UDP(remote_address)(one, &got, &code), INVALID_STATE); // streams to nobody in particular

	wasi_sockets_udp_list_incoming_datagram_t none;
	OK(wasi_sockets_udp_method_incoming_datagram_stream_receive(r.in, 8, &none, &code));
	CHECK_EQ(none.len, 0); // it does not wait

	wait(wasi_sockets_udp_method_outgoing_datagram_stream_subscribe(s.out));
	CHECK(permit(s.out) >= 1);
	OK(udp_send(s.out, "ping", 4, &b));
	udp_expect(r.in, "ping", a);
	CHECK(permit(r.out) >= 1);
	OK(udp_send(r.out, "pong", 4, &a));
	udp_expect(s.in, "pong", b);

	// Datagrams keep their boundaries, and may be empty.
	CHECK(permit(s.out) >= 3);
	wasi_sockets_udp_option_ip_socket_address_t to = {true, b};
	wasi_sockets_udp_outgoing_datagram_t three[] = {
		{{(uint8_t *)"a", 1}, to}, {{(uint8_t *)"", 0}, to}, {{(uint8_t *)"bc", 2}, to}};
	wasi_sockets_udp_list_outgoing_datagram_t list = {three, 3};
	uint64_t sent;
	OK(wasi_sockets_udp_method_outgoing_datagram_stream_send(s.out, &list, &sent, &code));
	CHECK_EQ(sent, 3);
	udp_expect(r.in, "a", a);
	OK(wasi_sockets_udp_method_incoming_datagram_stream_receive(r.in, 0, &none, &code));
	CHECK_EQ(none.len, 0); // zero were asked for
	udp_expect(r.in, "", a);
	udp_expect(r.in, "bc", a);

	streams_drop(s);
	streams_drop(r);
	udp_drop(one);
	udp_drop(two);
}

void test(void) {
	talk(IPV4);
	talk(IPV6);
}
