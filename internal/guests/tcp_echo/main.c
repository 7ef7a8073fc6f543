// Two sockets of one guest talk, over IPv4 and IPv6.
#include "sockets.h"

static void talk(uint8_t family) {
	endpoint where, got;
	tcp listener = tcp_listen(family, &where);
	CHECK(TCP(is_listening)(listener));
	CHECK_EQ(TCP(address_family)(listener), family);

	wasi_sockets_tcp_tuple3_own_tcp_socket_own_input_stream_own_output_stream_t nobody;
	FAILS(TCP(accept)(listener, &nobody, &code), WOULD_BLOCK);
	FAILS(TCP(remote_address)(listener, &got, &code), INVALID_STATE);

	connection client = tcp_connect(where);
	connection server = tcp_accept(listener);
	CHECK(!TCP(is_listening)(client.socket));
	CHECK(!TCP(is_listening)(server.socket));
	CHECK_EQ(TCP(address_family)(server.socket), family);

	// Each sees the other where the other sees itself.
	OK(TCP(remote_address)(client.socket, &got, &code));
	CHECK(same(got, where));
	OK(TCP(local_address)(server.socket, &got, &code));
	CHECK(same(got, where));
	endpoint other;
	OK(TCP(local_address)(client.socket, &got, &code));
	OK(TCP(remote_address)(server.socket, &other, &code));
	CHECK(same(got, other));

	send(client.out, "hello");
	expect(server.in, "hello");
	send(server.out, "world");
	expect(client.in, "world");

	// What was written before a stream is dropped arrives, and then the end.
	send(client.out, "bye");
	output_drop(client.out);
	expect(server.in, "bye");
	ends(server.in);
	send(server.out, "still here");
	expect(client.in, "still here");
	output_drop(server.out);
	ends(client.in);
	input_drop(client.in);
	input_drop(server.in);
	tcp_drop(client.socket);
	tcp_drop(server.socket);
	tcp_drop(listener);
}

void test(void) {
	talk(IPV4);
	talk(IPV6);
}
