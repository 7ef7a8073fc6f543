// Each operation in each state of a TCP socket in which it is not valid.
#include "sockets.h"

static wasi_sockets_tcp_tuple2_own_input_stream_own_output_stream_t two;
static wasi_sockets_tcp_tuple3_own_tcp_socket_own_input_stream_own_output_stream_t three;
static endpoint got;

static void not_connected(tcp s) {
	FAILS(TCP(remote_address)(s, &got, &code), INVALID_STATE);
	FAILS(TCP(shutdown)(s, WASI_SOCKETS_TCP_SHUTDOWN_TYPE_BOTH, &code), INVALID_STATE);
}

static void nothing_to_finish(tcp s) {
	FAILS(TCP(finish_bind)(s, &code), NOT_IN_PROGRESS);
	FAILS(TCP(finish_listen)(s, &code), NOT_IN_PROGRESS);
	FAILS(TCP(finish_connect)(s, &two, &code), NOT_IN_PROGRESS);
}

static void not_listening(tcp s) {
	CHECK(!TCP(is_listening)(s));
	FAILS(TCP(accept)(s, &three, &code), INVALID_STATE);
}

void test(void) {
	endpoint any = at(IPV4, 0), where;

	// Unbound.
	tcp s = tcp_new(IPV4);
	FAILS(TCP(local_address)(s, &got, &code), INVALID_STATE);
	FAILS(TCP(start_listen)(s, &code), INVALID_STATE);
	not_connected(s);
	nothing_to_finish(s);
	not_listening(s);

	// Binding.
	OK(TCP(start_bind)(s, net(), &any, &code));
	FAILS(TCP(start_bind)(s, net(), &any, &code), CONCURRENCY_CONFLICT);
	FAILS(TCP(start_listen)(s, &code), CONCURRENCY_CONFLICT);
	FAILS(TCP(finish_listen)(s, &code), NOT_IN_PROGRESS);
	not_listening(s);
	not_connected(s);
	OK(TCP(finish_bind)(s, &code));

	// Bound.
	OK(TCP(local_address)(s, &where, &code));
	FAILS(TCP(start_bind)(s, net(), &any, &code), INVALID_STATE);
	not_connected(s);
	nothing_to_finish(s);
	not_listening(s);

	// Starting to listen.
	OK(TCP(start_listen)(s, &code));
	FAILS(TCP(start_listen)(s, &code), CONCURRENCY_CONFLICT);
	FAILS(TCP(start_connect)(s, net(), &where, &code), CONCURRENCY_CONFLICT);
	FAILS(TCP(finish_bind)(s, &code), NOT_IN_PROGRESS);
	not_listening(s);
	OK(TCP(finish_listen)(s, &code));

	// Listening.
	CHECK(TCP(is_listening)(s));
	OK(TCP(local_address)(s, &got, &code));
	CHECK(same(got, where));
	FAILS(TCP(start_bind)(s, net(), &any, &code), INVALID_STATE);
	FAILS(TCP(start_listen)(s, &code), INVALID_STATE);
	FAILS(TCP(start_connect)(s, net(), &where, &code), INVALID_STATE);
	FAILS(TCP(accept)(s, &three, &code), WOULD_BLOCK);
	not_connected(s);
	nothing_to_finish(s);

	// Connecting.
	connection c = {.socket = tcp_new(IPV4)};
	OK(TCP(start_connect)(c.socket, net(), &where, &code));
	FAILS(TCP(start_connect)(c.socket, net(), &where, &code), CONCURRENCY_CONFLICT);
	FAILS(TCP(set_listen_backlog_size)(c.socket, 4, &code), INVALID_STATE);
	FAILS(TCP(finish_bind)(c.socket, &code), NOT_IN_PROGRESS);
	not_listening(c.socket);
	not_connected(c.socket);
	OK(tcp_finish(&c));

	// Connected.
	FAILS(TCP(start_bind)(c.socket, net(), &any, &code), INVALID_STATE);
	FAILS(TCP(start_listen)(c.socket, &code), INVALID_STATE);
	FAILS(TCP(start_connect)(c.socket, net(), &where, &code), INVALID_STATE);
	FAILS(TCP(set_listen_backlog_size)(c.socket, 4, &code), INVALID_STATE);
	nothing_to_finish(c.socket);
	not_listening(c.socket);
	connection_drop(c);
	tcp_drop(s);

	// Closed, as the attempt has failed: nobody listens there any more.
	CHECK(!tcp_try(&c, where));
	CHECK_EQ(code, WASI_SOCKETS_NETWORK_ERROR_CODE_CONNECTION_REFUSED);
	FAILS(TCP(start_bind)(c.socket, net(), &any, &code), INVALID_STATE);
	FAILS(TCP(start_listen)(c.socket, &code), INVALID_STATE);
	FAILS(TCP(start_connect)(c.socket, net(), &where, &code), INVALID_STATE);
	FAILS(TCP(local_address)(c.socket, &got, &code), INVALID_STATE);
	nothing_to_finish(c.socket);
	not_listening(c.socket);
	not_connected(c.socket);
	tcp_drop(c.socket);

	// A bound socket that connects keeps its address.
	tcp listener = tcp_listen(IPV4, &where);
	c.socket = tcp_new(IPV4);
	OK(TCP(start_bind)(c.socket, net(), &any, &code));
	OK(TCP(finish_bind)(c.socket, &code));
	OK(TCP(local_address)(c.socket, &any, &code));
	wasi_sockets_network_own_network_t other = wasi_sockets_instance_network_instance_network();
	FAILS(TCP(start_connect)(c.socket, wasi_sockets_network_borrow_network(other), &where, &code), INVALID_ARGUMENT);
	wasi_sockets_network_network_drop_own(other);
	OK(TCP(start_connect)(c.socket, net(), &where, &code));
	OK(tcp_finish(&c));
	OK(TCP(local_address)(c.socket, &got, &code));
	CHECK(same(got, any));
	connection_drop(c);

	// Sockets may be dropped in the middle of everything.
	c.socket = tcp_new(IPV4);
	OK(TCP(start_connect)(c.socket, net(), &where, &code));
	tcp_drop(c.socket);
	tcp_drop(listener);
}
