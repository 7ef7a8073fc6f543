// A socket of IPv6 takes no connection of IPv4: both can have the same port.
#include "sockets.h"

void test(void) {
	endpoint any6 = {.tag = IPV6}, got;
	tcp six = tcp_new(IPV6);
	OK(TCP(start_bind)(six, net(), &any6, &code));
	OK(TCP(finish_bind)(six, &code));
	OK(TCP(start_listen)(six, &code));
	OK(TCP(finish_listen)(six, &code));
	OK(TCP(local_address)(six, &got, &code));
	uint16_t port = port_of(got);

	connection c;
	FAILS(tcp_try(&c, at(IPV4, port)), CONNECTION_REFUSED);
	tcp_drop(c.socket);
	endpoint same_port = ipv4(127, 0, 0, 1, port);
	tcp four = tcp_new(IPV4);
	OK(TCP(start_bind)(four, net(), &same_port, &code));
	OK(TCP(finish_bind)(four, &code));
	tcp_drop(four);

	c = tcp_connect(at(IPV6, port));
	connection server = tcp_accept(six);
	OK(TCP(remote_address)(server.socket, &got, &code));
	CHECK_EQ(got.tag, IPV6);
	connection_drop(server);
	connection_drop(c);
	tcp_drop(six);
}
