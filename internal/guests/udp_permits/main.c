// Sending must be permitted, or it traps. The argument says how it is not.
#include "sockets.h"

void test(void) {
	endpoint where;
	udp s = udp_bind(IPV4, &where);
	streams both = udp_stream(s, NULL);
	wasi_sockets_udp_list_outgoing_datagram_t none = {NULL, 0};
	uint64_t sent, most = 0;
	if (is(arg(1), "never asked")) {
		udp_send(both.out, "x", 1, &where);
	} else if (is(arg(1), "too many")) {
		most = permit(both.out) + 1;
	} else if (is(arg(1), "twice")) {
		most = permit(both.out); // which one call uses up
		OK(udp_send(both.out, "x", 1, &where));
	} else {
		CHECK(is(arg(1), "permitted"));
		permit(both.out);
		OK(wasi_sockets_udp_method_outgoing_datagram_stream_send(both.out, &none, &sent, &code));
		CHECK_EQ(sent, 0);
		streams_drop(both);
		udp_drop(s);
		return;
	}
	wasi_sockets_udp_outgoing_datagram_t *d = malloc(most * sizeof *d);
	for (uint64_t i = 0; i < most; i++) {
		d[i] = (wasi_sockets_udp_outgoing_datagram_t){.remote_address = {true, where}};
	}
	wasi_sockets_udp_list_outgoing_datagram_t list = {d, most};
	wasi_sockets_udp_method_outgoing_datagram_stream_send(both.out, &list, &sent, &code);
	FAIL("send does not trap");
}
