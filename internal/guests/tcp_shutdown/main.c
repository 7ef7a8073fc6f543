// The directions of a connection are shut down, together and one by one.
#include "sockets.h"

static connection client, server;

static void begin(void) {
	endpoint where;
	tcp listener = tcp_listen(IPV4, &where);
	FAILS(TCP(shutdown)(listener, WASI_SOCKETS_TCP_SHUTDOWN_TYPE_BOTH, &code), INVALID_STATE);
	client = tcp_connect(where);
	server = tcp_accept(listener);
	tcp_drop(listener); // what it accepted lives on
}

static void end(void) {
	connection_drop(client);
	connection_drop(server);
}

static void shutdown(connection c, wasi_sockets_tcp_shutdown_type_t how) {
	OK(TCP(shutdown)(c.socket, how, &code));
	OK(TCP(shutdown)(c.socket, how, &code)); // the second has no effect
}

void test(void) {
	tcp idle = tcp_new(IPV4);
	FAILS(TCP(shutdown)(idle, WASI_SOCKETS_TCP_SHUTDOWN_TYPE_SEND, &code), INVALID_STATE);
	tcp_drop(idle);

	begin();
	send(client.out, "last words");
	shutdown(client, WASI_SOCKETS_TCP_SHUTDOWN_TYPE_SEND);
	shut(client.out);
	expect(server.in, "last words");
	ends(server.in);
	send(server.out, "heard"); // the other direction is open
	expect(client.in, "heard");
	end();

	begin();
	send(server.out, "unread");
	shutdown(client, WASI_SOCKETS_TCP_SHUTDOWN_TYPE_RECEIVE);
	ends(client.in); // what was received is discarded
	send(client.out, "still sending");
	expect(server.in, "still sending");
	end();

	begin();
	shutdown(client, WASI_SOCKETS_TCP_SHUTDOWN_TYPE_BOTH);
	ends(client.in);
	shut(client.out);
	ends(server.in);
	endpoint remote; // the socket is connected all the same
	OK(TCP(remote_address)(client.socket, &remote, &code));
	end();

	// A connection lives while one of its streams does.
	begin();
	tcp_drop(client.socket);
	input_drop(client.in);
	send(client.out, "orphan");
	expect(server.in, "orphan");
	output_drop(client.out);
	ends(server.in);
	connection_drop(server);
}
