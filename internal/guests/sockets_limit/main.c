// The guest may have two sockets at once.
#include "sockets.h"

void test(void) {
	tcp first = tcp_new(IPV4);
	udp second = udp_new(IPV6);
	wasi_sockets_tcp_own_tcp_socket_t t;
	wasi_sockets_udp_own_udp_socket_t u;
	FAILS(wasi_sockets_tcp_create_socket_create_tcp_socket(IPV4, &t, &code), NEW_SOCKET_LIMIT);
	FAILS(wasi_sockets_udp_create_socket_create_udp_socket(IPV4, &u, &code), NEW_SOCKET_LIMIT);
	tcp_drop(first);
	udp_drop(second);

	// A connection counts until its streams are gone too.
	endpoint where;
	tcp listener = tcp_listen(IPV4, &where);
	connection c = tcp_connect(where);
	wasi_sockets_tcp_tuple3_own_tcp_socket_own_input_stream_own_output_stream_t got;
	wait(TCP(subscribe)(listener));
	FAILS(TCP(accept)(listener, &got, &code), NEW_SOCKET_LIMIT);
	tcp_drop(c.socket);
	FAILS(TCP(accept)(listener, &got, &code), NEW_SOCKET_LIMIT);
	tcp_drop(listener);
	input_drop(c.in);
	output_drop(c.out);
}
