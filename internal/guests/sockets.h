// What guests of wasi:sockets share: short names, and checks of results.
#ifndef SOCKETS_H
#define SOCKETS_H

#include "guest.h"

typedef wasi_sockets_network_error_code_t net_code;
typedef wasi_sockets_network_ip_socket_address_t endpoint;
typedef wasi_sockets_tcp_borrow_tcp_socket_t tcp;
typedef wasi_sockets_udp_borrow_udp_socket_t udp;
typedef wasi_io_streams_borrow_input_stream_t input;
typedef wasi_io_streams_borrow_output_stream_t output;
typedef wasi_sockets_udp_borrow_incoming_datagram_stream_t receiver;
typedef wasi_sockets_udp_borrow_outgoing_datagram_stream_t sender;

// code is what the last call failed with, if it failed.
static net_code code;

#define TCP(name) wasi_sockets_tcp_method_tcp_socket_##name
#define UDP(name) wasi_sockets_udp_method_udp_socket_##name
#define INPUT(name) wasi_io_streams_method_input_stream_##name
#define OUTPUT(name) wasi_io_streams_method_output_stream_##name

// OK ends the guest unless a call succeeds. FAILS ends it unless it fails with an
// error-code.
#define OK(call) ((call) ? (void)0 : (fail_at(__FILE__, __LINE__), print(#call " fails with "), print_number(code), fail_end()))
#define FAILS(call, want) \
	((call) ? FAIL(#call " succeeds") : check_eq(__FILE__, __LINE__, #call, code, WASI_SOCKETS_NETWORK_ERROR_CODE_##want))

enum { IPV4 = WASI_SOCKETS_NETWORK_IP_ADDRESS_FAMILY_IPV4, IPV6 = WASI_SOCKETS_NETWORK_IP_ADDRESS_FAMILY_IPV6 };

// net returns the network, always the same handle.
[[maybe_unused]] static wasi_sockets_network_borrow_network_t net(void) {
	static wasi_sockets_network_own_network_t own;
	if (own.__handle == 0) {
		own = wasi_sockets_instance_network_instance_network();
	}
	return wasi_sockets_network_borrow_network(own);
}

// at returns a port of the loopback address of a family.
[[maybe_unused]] static endpoint at(uint8_t family, uint16_t port) {
	endpoint e = {.tag = family};
	if (family == IPV4) {
		e.val.ipv4 = (wasi_sockets_network_ipv4_socket_address_t){.port = port, .address = {127, 0, 0, 1}};
	} else {
		e.val.ipv6 = (wasi_sockets_network_ipv6_socket_address_t){.port = port, .address = {.f7 = 1}};
	}
	return e;
}

[[maybe_unused]] static endpoint ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port) {
	return (endpoint){.tag = IPV4, .val.ipv4 = {.port = port, .address = {a, b, c, d}}};
}

[[maybe_unused]] static uint16_t port_of(endpoint e) { return e.tag == IPV4 ? e.val.ipv4.port : e.val.ipv6.port; }

[[maybe_unused]] static bool same(endpoint a, endpoint b) {
	if (a.tag != b.tag) {
		return false;
	}
	if (a.tag == IPV4) {
		return a.val.ipv4.port == b.val.ipv4.port && memcmp(&a.val.ipv4.address, &b.val.ipv4.address, 4) == 0;
	}
	return a.val.ipv6.port == b.val.ipv6.port && memcmp(&a.val.ipv6.address, &b.val.ipv6.address, 16) == 0;
}

// number_arg returns an argument that is a number.
[[maybe_unused]] static uint32_t number_arg(size_t i) {
	wasi_string_t s = arg(i);
	uint32_t n = 0;
	for (size_t k = 0; k < s.len; k++) {
		CHECK(s.ptr[k] >= '0' && s.ptr[k] <= '9');
		n = n * 10 + (s.ptr[k] - '0');
	}
	return n;
}

// wait waits for a pollable, and drops it.
[[maybe_unused]] static void wait(wasi_io_poll_own_pollable_t p) {
	wasi_io_poll_method_pollable_block(wasi_io_poll_borrow_pollable(p));
	CHECK(wasi_io_poll_method_pollable_ready(wasi_io_poll_borrow_pollable(p)));
	wasi_io_poll_pollable_drop_own(p);
}

[[maybe_unused]] static tcp tcp_new(uint8_t family) {
	wasi_sockets_tcp_own_tcp_socket_t own;
	OK(wasi_sockets_tcp_create_socket_create_tcp_socket(family, &own, &code));
	return wasi_sockets_tcp_borrow_tcp_socket(own);
}

[[maybe_unused]] static void tcp_drop(tcp s) { wasi_sockets_tcp_tcp_socket_drop_own((wasi_sockets_tcp_own_tcp_socket_t){s.__handle}); }

// tcp_listen returns a socket that listens on a free port of the loopback address.
[[maybe_unused]] static tcp tcp_listen(uint8_t family, endpoint *where) {
	tcp s = tcp_new(family);
	*where = at(family, 0);
	OK(TCP(start_bind)(s, net(), where, &code));
	OK(TCP(finish_bind)(s, &code));
	OK(TCP(start_listen)(s, &code));
	OK(TCP(finish_listen)(s, &code));
	OK(TCP(local_address)(s, where, &code));
	CHECK(port_of(*where) != 0);
	return s;
}

// connection is a connected socket with its streams.
typedef struct {
	tcp socket;
	input in;
	output out;
} connection;

// tcp_finish waits until a connection attempt has ended, and says whether it failed.
[[maybe_unused]] static bool tcp_finish(connection *c) {
	wasi_sockets_tcp_tuple2_own_input_stream_own_output_stream_t streams;
	while (!TCP(finish_connect)(c->socket, &streams, &code)) {
		if (code != WASI_SOCKETS_NETWORK_ERROR_CODE_WOULD_BLOCK) {
			return false;
		}
		wait(TCP(subscribe)(c->socket));
	}
	c->in = wasi_io_streams_borrow_input_stream(streams.f0);
	c->out = wasi_io_streams_borrow_output_stream(streams.f1);
	return true;
}

[[maybe_unused]] static bool tcp_try(connection *c, endpoint to) {
	c->socket = tcp_new(to.tag);
	OK(TCP(start_connect)(c->socket, net(), &to, &code));
	return tcp_finish(c);
}

[[maybe_unused]] static connection tcp_connect(endpoint to) {
	connection c;
	OK(tcp_try(&c, to));
	return c;
}

[[maybe_unused]] static connection tcp_accept(tcp listener) {
	wasi_sockets_tcp_tuple3_own_tcp_socket_own_input_stream_own_output_stream_t got;
	while (!TCP(accept)(listener, &got, &code)) {
		CHECK_EQ(code, WASI_SOCKETS_NETWORK_ERROR_CODE_WOULD_BLOCK);
		wait(TCP(subscribe)(listener));
	}
	return (connection){
		wasi_sockets_tcp_borrow_tcp_socket(got.f0), wasi_io_streams_borrow_input_stream(got.f1), wasi_io_streams_borrow_output_stream(got.f2)};
}

[[maybe_unused]] static void input_drop(input s) { wasi_io_streams_input_stream_drop_own((wasi_io_streams_own_input_stream_t){s.__handle}); }
[[maybe_unused]] static void output_drop(output s) { wasi_io_streams_output_stream_drop_own((wasi_io_streams_own_output_stream_t){s.__handle}); }

[[maybe_unused]] static void connection_drop(connection c) {
	input_drop(c.in);
	output_drop(c.out);
	tcp_drop(c.socket);
}

// send writes a text and flushes it.
[[maybe_unused]] static void send(output out, const char *text) {
	wasi_list_u8_t bytes = {(uint8_t *)text, strlen(text)};
	wasi_io_streams_stream_error_t failed;
	CHECK(OUTPUT(blocking_write_and_flush)(out, &bytes, &failed));
}

// expect reads a text.
[[maybe_unused]] static void expect(input in, const char *text) {
	for (size_t left = strlen(text); left > 0;) {
		wasi_list_u8_t got;
		wasi_io_streams_stream_error_t failed;
		CHECK(INPUT(blocking_read)(in, left, &got, &failed));
		CHECK(memcmp(got.ptr, text, got.len) == 0);
		text += got.len;
		left -= got.len;
	}
}

// ends checks that a stream is at its end, in good order.
[[maybe_unused]] static void ends(input in) {
	wasi_list_u8_t got;
	wasi_io_streams_stream_error_t failed;
	CHECK(!INPUT(blocking_read)(in, 1, &got, &failed));
	CHECK_EQ(failed.tag, WASI_IO_STREAMS_STREAM_ERROR_CLOSED);
}

// shut checks that nothing can be written to a stream.
[[maybe_unused]] static void shut(output out) {
	uint64_t permit;
	wasi_io_streams_stream_error_t failed;
	CHECK(!OUTPUT(check_write)(out, &permit, &failed));
	CHECK_EQ(failed.tag, WASI_IO_STREAMS_STREAM_ERROR_CLOSED);
}

[[maybe_unused]] static udp udp_new(uint8_t family) {
	wasi_sockets_udp_own_udp_socket_t own;
	OK(wasi_sockets_udp_create_socket_create_udp_socket(family, &own, &code));
	return wasi_sockets_udp_borrow_udp_socket(own);
}

[[maybe_unused]] static void udp_drop(udp s) { wasi_sockets_udp_udp_socket_drop_own((wasi_sockets_udp_own_udp_socket_t){s.__handle}); }

// udp_bind returns a socket that is bound to a free port of the loopback address.
[[maybe_unused]] static udp udp_bind(uint8_t family, endpoint *where) {
	udp s = udp_new(family);
	*where = at(family, 0);
	OK(UDP(start_bind)(s, net(), where, &code));
	OK(UDP(finish_bind)(s, &code));
	OK(UDP(local_address)(s, where, &code));
	CHECK(port_of(*where) != 0);
	return s;
}

// streams are those of a UDP socket.
typedef struct {
	receiver in;
	sender out;
} streams;

// udp_stream returns streams, to a peer if that is not NULL.
[[maybe_unused]] static streams udp_stream(udp s, endpoint *peer) {
	wasi_sockets_udp_tuple2_own_incoming_datagram_stream_own_outgoing_datagram_stream_t got;
	OK(UDP(stream)(s, peer, &got, &code));
	return (streams){wasi_sockets_udp_borrow_incoming_datagram_stream(got.f0), wasi_sockets_udp_borrow_outgoing_datagram_stream(got.f1)};
}

[[maybe_unused]] static void streams_drop(streams s) {
	wasi_sockets_udp_incoming_datagram_stream_drop_own((wasi_sockets_udp_own_incoming_datagram_stream_t){s.in.__handle});
	wasi_sockets_udp_outgoing_datagram_stream_drop_own((wasi_sockets_udp_own_outgoing_datagram_stream_t){s.out.__handle});
}

// permit asks how many datagrams may be sent.
[[maybe_unused]] static uint64_t permit(sender s) {
	uint64_t n;
	OK(wasi_sockets_udp_method_outgoing_datagram_stream_check_send(s, &n, &code));
	return n;
}

// udp_send sends a datagram, to a peer if that is not NULL, without asking.
[[maybe_unused]] static bool udp_send(sender s, const void *data, size_t n, const endpoint *to) {
	wasi_sockets_udp_outgoing_datagram_t d = {.data = {(uint8_t *)data, n}};
	if (to != NULL) {
		d.remote_address = (wasi_sockets_udp_option_ip_socket_address_t){true, *to};
	}
	wasi_sockets_udp_list_outgoing_datagram_t list = {&d, 1};
	uint64_t sent;
	if (!wasi_sockets_udp_method_outgoing_datagram_stream_send(s, &list, &sent, &code)) {
		return false;
	}
	CHECK_EQ(sent, 1);
	return true;
}

// udp_expect waits for a datagram and checks it.
[[maybe_unused]] static void udp_expect(receiver s, const char *text, endpoint from) {
	wasi_sockets_udp_list_incoming_datagram_t got;
	do {
		wait(wasi_sockets_udp_method_incoming_datagram_stream_subscribe(s));
		OK(wasi_sockets_udp_method_incoming_datagram_stream_receive(s, 1, &got, &code));
	} while (got.len == 0);
	CHECK_EQ(got.len, 1);
	CHECK_EQ(got.ptr[0].data.len, strlen(text));
	CHECK(memcmp(got.ptr[0].data.ptr, text, strlen(text)) == 0);
	CHECK(same(got.ptr[0].remote_address, from));
}

#endif
