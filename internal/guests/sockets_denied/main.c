// A guest to which nothing was opened can make no socket and look up no name.
#include "sockets.h"

void test(void) {
	wasi_sockets_tcp_own_tcp_socket_t t;
	wasi_sockets_udp_own_udp_socket_t u;
	for (uint8_t family = IPV4; family <= IPV6; family++) {
		FAILS(wasi_sockets_tcp_create_socket_create_tcp_socket(family, &t, &code), ACCESS_DENIED);
		FAILS(wasi_sockets_udp_create_socket_create_udp_socket(family, &u, &code), ACCESS_DENIED);
	}
	wasi_sockets_ip_name_lookup_own_resolve_address_stream_t r;
	wasi_string_t name = str("localhost");
	FAILS(wasi_sockets_ip_name_lookup_resolve_addresses(net(), &name, &r, &code), ACCESS_DENIED);
}
