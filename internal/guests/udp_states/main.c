// Operations of UDP sockets that are not valid in a state or for an address.
#include "sockets.h"

static wasi_sockets_udp_tuple2_own_incoming_datagram_stream_own_outgoing_datagram_stream_t two;

static void bind_fails(uint8_t family, endpoint e, net_code want) {
	udp s = udp_new(family);
	CHECK(!UDP(start_bind)(s, net(), &e, &code));
	CHECK_EQ(code, want);
	e = at(family, 0); // a bind that failed can be tried again
	OK(UDP(start_bind)(s, net(), &e, &code));
	OK(UDP(finish_bind)(s, &code));
	udp_drop(s);
}

static void stream_fails(udp s, endpoint e, net_code want) {
	CHECK(!UDP(stream)(s, &e, &two, &code));
	CHECK_EQ(code, want);
}

static void send_fails(sender s, endpoint e, net_code want) {
	permit(s);
	CHECK(!udp_send(s, "x", 1, &e));
	CHECK_EQ(code, want);
}

void test(void) {
	enum {
		INVALID = WASI_SOCKETS_NETWORK_ERROR_CODE_INVALID_ARGUMENT,
		DENIED = WASI_SOCKETS_NETWORK_ERROR_CODE_ACCESS_DENIED,
	};
	endpoint any = at(IPV4, 0), got;
	endpoint mapped = {.tag = IPV6, .val.ipv6 = {.port = 80, .address = {.f5 = 0xffff, .f6 = 0x7f00, .f7 = 1}}};

	udp s = udp_new(IPV4);
	FAILS(UDP(local_address)(s, &got, &code), INVALID_STATE);
	FAILS(UDP(remote_address)(s, &got, &code), INVALID_STATE);
	FAILS(UDP(stream)(s, NULL, &two, &code), INVALID_STATE);
	FAILS(UDP(finish_bind)(s, &code), NOT_IN_PROGRESS);
	OK(UDP(start_bind)(s, net(), &any, &code));
	FAILS(UDP(start_bind)(s, net(), &any, &code), CONCURRENCY_CONFLICT);
	FAILS(UDP(stream)(s, NULL, &two, &code), INVALID_STATE);
	OK(UDP(finish_bind)(s, &code));
	FAILS(UDP(finish_bind)(s, &code), NOT_IN_PROGRESS);
	FAILS(UDP(start_bind)(s, net(), &any, &code), INVALID_STATE);

	stream_fails(s, at(IPV6, 80), INVALID);
	stream_fails(s, ipv4(0, 0, 0, 0, 80), INVALID);
	stream_fails(s, at(IPV4, 0), INVALID);
	stream_fails(s, ipv4(192, 0, 2, 1, 80), DENIED);
	streams both = udp_stream(s, NULL);
	send_fails(both.out, at(IPV6, 80), INVALID);
	send_fails(both.out, ipv4(0, 0, 0, 0, 80), INVALID);
	send_fails(both.out, at(IPV4, 0), INVALID);
	send_fails(both.out, ipv4(192, 0, 2, 1, 80), DENIED);

	OK(UDP(local_address)(s, &got, &code));
	static uint8_t large[65508];
	permit(both.out);
	FAILS(udp_send(both.out, large, sizeof large, &got), DATAGRAM_TOO_LARGE);

	// An error after datagrams that were sent is not returned.
	permit(both.out);
	wasi_sockets_udp_option_ip_socket_address_t good = {true, got}, bad = {true, at(IPV4, 0)};
	wasi_sockets_udp_outgoing_datagram_t some[] = {{{(uint8_t *)"a", 1}, good}, {{(uint8_t *)"b", 1}, bad}, {{(uint8_t *)"c", 1}, good}};
	wasi_sockets_udp_list_outgoing_datagram_t list = {some, 3};
	uint64_t sent;
	OK(wasi_sockets_udp_method_outgoing_datagram_stream_send(both.out, &list, &sent, &code));
	CHECK_EQ(sent, 1);
	udp_expect(both.in, "a", got);

	bind_fails(IPV4, got, WASI_SOCKETS_NETWORK_ERROR_CODE_ADDRESS_IN_USE);
	bind_fails(IPV4, at(IPV6, 0), INVALID);
	bind_fails(IPV6, at(IPV4, 0), INVALID);
	bind_fails(IPV6, mapped, INVALID);
	bind_fails(IPV4, ipv4(0, 0, 0, 0, 80), DENIED);
	bind_fails(IPV4, ipv4(192, 0, 2, 9, 0), WASI_SOCKETS_NETWORK_ERROR_CODE_ADDRESS_NOT_BINDABLE);

	udp_drop(s); // its streams live on
	permit(both.out);
	OK(udp_send(both.out, "d", 1, &got));
	udp_expect(both.in, "d", got);
	streams_drop(both);
}
