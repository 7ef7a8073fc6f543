// Addresses that cannot be bound or connected to.
#include "sockets.h"

static void bind_fails(uint8_t family, endpoint e, net_code want) {
	tcp s = tcp_new(family);
	CHECK(!TCP(start_bind)(s, net(), &e, &code));
	CHECK_EQ(code, want);
	e = at(family, 0); // a bind that failed can be tried again
	OK(TCP(start_bind)(s, net(), &e, &code));
	OK(TCP(finish_bind)(s, &code));
	tcp_drop(s);
}

static void connect_fails(uint8_t family, endpoint e, net_code want) {
	tcp s = tcp_new(family);
	CHECK(!TCP(start_connect)(s, net(), &e, &code));
	CHECK_EQ(code, want);
	tcp_drop(s);
}

void test(void) {
	enum {
		INVALID = WASI_SOCKETS_NETWORK_ERROR_CODE_INVALID_ARGUMENT,
		DENIED = WASI_SOCKETS_NETWORK_ERROR_CODE_ACCESS_DENIED,
	};
	endpoint mapped = {.tag = IPV6, .val.ipv6 = {.port = 80, .address = {.f5 = 0xffff, .f6 = 0x7f00, .f7 = 1}}};
	endpoint group4 = ipv4(224, 0, 0, 1, 80), group6 = {.tag = IPV6, .val.ipv6 = {.port = 80, .address = {.f0 = 0xff02, .f7 = 1}}};
	endpoint any6 = {.tag = IPV6, .val.ipv6 = {.port = 80}};

	// The other family, several hosts at once, and IPv4 in IPv6.
	bind_fails(IPV4, at(IPV6, 0), INVALID);
	bind_fails(IPV6, at(IPV4, 0), INVALID);
	bind_fails(IPV4, group4, INVALID);
	bind_fails(IPV4, ipv4(255, 255, 255, 255, 80), INVALID);
	bind_fails(IPV6, group6, INVALID);
	bind_fails(IPV6, mapped, INVALID);
	connect_fails(IPV4, at(IPV6, 80), INVALID);
	connect_fails(IPV6, at(IPV4, 80), INVALID);
	connect_fails(IPV4, group4, INVALID);
	connect_fails(IPV4, ipv4(255, 255, 255, 255, 80), INVALID);
	connect_fails(IPV6, group6, INVALID);
	connect_fails(IPV6, mapped, INVALID);
	// One can bind, but not connect, to no address in particular.
	connect_fails(IPV4, ipv4(0, 0, 0, 0, 80), INVALID);
	connect_fails(IPV6, any6, INVALID);
	connect_fails(IPV4, at(IPV4, 0), INVALID);
	connect_fails(IPV6, at(IPV6, 0), INVALID);
	// What no option names.
	bind_fails(IPV4, ipv4(0, 0, 0, 0, 80), DENIED);
	connect_fails(IPV4, ipv4(192, 0, 2, 1, 80), DENIED);
	connect_fails(IPV4, ipv4(169, 254, 169, 254, 80), DENIED);
	// What the options name, but is no address of the machine.
	bind_fails(IPV4, ipv4(192, 0, 2, 9, 0), WASI_SOCKETS_NETWORK_ERROR_CODE_ADDRESS_NOT_BINDABLE);

	endpoint where;
	tcp first = tcp_listen(IPV4, &where);
	bind_fails(IPV4, where, WASI_SOCKETS_NETWORK_ERROR_CODE_ADDRESS_IN_USE);

	// A port can be taken again at once, whatever connections to it there were.
	connection client = tcp_connect(where);
	connection server = tcp_accept(first);
	connection_drop(server);
	ends(client.in);
	connection_drop(client);
	tcp_drop(first);
	tcp again = tcp_new(IPV4);
	OK(TCP(start_bind)(again, net(), &where, &code));
	OK(TCP(finish_bind)(again, &code));
	tcp_drop(again);

	connection refused;
	FAILS(tcp_try(&refused, where), CONNECTION_REFUSED);
	tcp_drop(refused.socket);
}
