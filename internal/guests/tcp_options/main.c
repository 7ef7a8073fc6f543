// The options of TCP sockets: what they are set to, what they refuse, and what
// accepted sockets inherit.
#include "sockets.h"

static uint64_t n64;
static uint32_t n32;
static uint8_t n8;
static bool on;

// roundtrip sets each option and reads it back.
static void roundtrip(tcp s) {
	OK(TCP(set_keep_alive_enabled)(s, true, &code));
	OK(TCP(keep_alive_enabled)(s, &on, &code));
	CHECK(on);
	OK(TCP(set_keep_alive_enabled)(s, false, &code));
	OK(TCP(keep_alive_enabled)(s, &on, &code));
	CHECK(!on);
	OK(TCP(set_keep_alive_idle_time)(s, 42000000000, &code));
	OK(TCP(keep_alive_idle_time)(s, &n64, &code));
	CHECK_EQ(n64, 42000000000);
	OK(TCP(set_keep_alive_interval)(s, 43000000000, &code));
	OK(TCP(keep_alive_interval)(s, &n64, &code));
	CHECK_EQ(n64, 43000000000);
	OK(TCP(set_keep_alive_count)(s, 5, &code));
	OK(TCP(keep_alive_count)(s, &n32, &code));
	CHECK_EQ(n32, 5);
	OK(TCP(set_hop_limit)(s, 33, &code));
	OK(TCP(hop_limit)(s, &n8, &code));
	CHECK_EQ(n8, 33);
	OK(TCP(set_receive_buffer_size)(s, 65536, &code));
	OK(TCP(receive_buffer_size)(s, &n64, &code));
	CHECK_EQ(n64, 65536);
	OK(TCP(set_send_buffer_size)(s, 65536, &code));
	OK(TCP(send_buffer_size)(s, &n64, &code));
	CHECK_EQ(n64, 65536);

	// No value but zero is an error: others are made to fit.
	OK(TCP(set_keep_alive_idle_time)(s, 1, &code));
	OK(TCP(set_keep_alive_idle_time)(s, UINT64_MAX, &code));
	OK(TCP(keep_alive_idle_time)(s, &n64, &code));
	CHECK(n64 > 0 && n64 < UINT64_MAX);
	OK(TCP(set_keep_alive_interval)(s, 1, &code));
	OK(TCP(set_keep_alive_interval)(s, UINT64_MAX, &code));
	OK(TCP(set_keep_alive_count)(s, UINT32_MAX, &code));
	OK(TCP(keep_alive_count)(s, &n32, &code));
	CHECK(n32 > 0 && n32 < UINT32_MAX);
	OK(TCP(set_hop_limit)(s, 255, &code));
	OK(TCP(set_receive_buffer_size)(s, 1, &code));
	OK(TCP(set_receive_buffer_size)(s, UINT64_MAX, &code));
	OK(TCP(set_send_buffer_size)(s, 1, &code));
	OK(TCP(set_send_buffer_size)(s, UINT64_MAX, &code));

	FAILS(TCP(set_keep_alive_idle_time)(s, 0, &code), INVALID_ARGUMENT);
	FAILS(TCP(set_keep_alive_interval)(s, 0, &code), INVALID_ARGUMENT);
	FAILS(TCP(set_keep_alive_count)(s, 0, &code), INVALID_ARGUMENT);
	FAILS(TCP(set_hop_limit)(s, 0, &code), INVALID_ARGUMENT);
	FAILS(TCP(set_receive_buffer_size)(s, 0, &code), INVALID_ARGUMENT);
	FAILS(TCP(set_send_buffer_size)(s, 0, &code), INVALID_ARGUMENT);
}

void test(void) {
	for (uint8_t family = IPV4; family <= IPV6; family++) {
		tcp s = tcp_new(family);
		roundtrip(s);
		FAILS(TCP(set_listen_backlog_size)(s, 0, &code), INVALID_ARGUMENT);
		OK(TCP(set_listen_backlog_size)(s, 1, &code));
		OK(TCP(set_listen_backlog_size)(s, UINT64_MAX, &code));
		tcp_drop(s);

		endpoint where;
		tcp listener = tcp_listen(family, &where);
		roundtrip(listener);
		OK(TCP(set_keep_alive_enabled)(listener, true, &code));
		OK(TCP(set_keep_alive_idle_time)(listener, 11000000000, &code));
		OK(TCP(set_keep_alive_interval)(listener, 12000000000, &code));
		OK(TCP(set_keep_alive_count)(listener, 13, &code));
		OK(TCP(set_hop_limit)(listener, 14, &code));
		OK(TCP(set_receive_buffer_size)(listener, 150000, &code));
		OK(TCP(set_send_buffer_size)(listener, 160000, &code));

		connection client = tcp_connect(where);
		connection server = tcp_accept(listener);
		OK(TCP(keep_alive_enabled)(server.socket, &on, &code));
		CHECK(on);
		OK(TCP(keep_alive_idle_time)(server.socket, &n64, &code));
		CHECK_EQ(n64, 11000000000);
		OK(TCP(keep_alive_interval)(server.socket, &n64, &code));
		CHECK_EQ(n64, 12000000000);
		OK(TCP(keep_alive_count)(server.socket, &n32, &code));
		CHECK_EQ(n32, 13);
		OK(TCP(hop_limit)(server.socket, &n8, &code));
		CHECK_EQ(n8, 14);
		OK(TCP(receive_buffer_size)(server.socket, &n64, &code));
		CHECK_EQ(n64, 150000);
		OK(TCP(send_buffer_size)(server.socket, &n64, &code));
		CHECK_EQ(n64, 160000);
		roundtrip(server.socket); // options of a connection can be changed
		roundtrip(client.socket);
		send(client.out, "it works");
		expect(server.in, "it works");
		connection_drop(client);
		connection_drop(server);
		tcp_drop(listener);
	}
}
