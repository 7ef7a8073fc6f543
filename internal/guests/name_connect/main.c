// A name that may be connected to stands for the addresses it was looked up with.
#include "sockets.h"

void test(void) {
	endpoint to = at(IPV4, (uint16_t)number_arg(1));
	tcp s = tcp_new(IPV4);
	FAILS(TCP(start_connect)(s, net(), &to, &code), ACCESS_DENIED); // not looked up yet
	wasi_sockets_ip_name_lookup_own_resolve_address_stream_t l;
	wasi_string_t name = str("Server.example.com");
	OK(wasi_sockets_ip_name_lookup_resolve_addresses(net(), &name, &l, &code));
	wait(wasi_sockets_ip_name_lookup_method_resolve_address_stream_subscribe(wasi_sockets_ip_name_lookup_borrow_resolve_address_stream(l)));
	wasi_sockets_ip_name_lookup_option_ip_address_t found;
	do { // the last one is of the network link, and stays closed
		OK(wasi_sockets_ip_name_lookup_method_resolve_address_stream_resolve_next_address(
			wasi_sockets_ip_name_lookup_borrow_resolve_address_stream(l), &found, &code));
	} while (found.is_some);
	endpoint metadata = ipv4(169, 254, 169, 254, port_of(to));
	FAILS(TCP(start_connect)(s, net(), &metadata, &code), ACCESS_DENIED);
	endpoint other = at(IPV4, (uint16_t)(port_of(to) ^ 1));
	FAILS(TCP(start_connect)(s, net(), &other, &code), ACCESS_DENIED);
	connection c = {.socket = s};
	OK(TCP(start_connect)(s, net(), &to, &code));
	OK(tcp_finish(&c));
	expect(c.in, "welcome");
	connection_drop(c);
	wasi_sockets_ip_name_lookup_resolve_address_stream_drop_own(l);
}
