// The guest connects to the host's listener at the port that is its argument, and
// streams do what they do when their ends are closed one after the other.
#include "sockets.h"

void test(void) {
	connection c = tcp_connect(at(IPV4, (uint16_t)number_arg(1)));
	expect(c.in, "welcome");
	send(c.out, "from the guest");
	OK(TCP(shutdown)(c.socket, WASI_SOCKETS_TCP_SHUTDOWN_TYPE_SEND, &code));
	shut(c.out);
	expect(c.in, "from the host"); // which says it after it has seen the end
	ends(c.in);
	connection_drop(c);
}
