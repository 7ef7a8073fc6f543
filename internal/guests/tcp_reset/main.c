// The host resets the connection to the port that is the argument once it has read
// something: the guest learns that from the stream, and the code from
// network-error-code.
#include "sockets.h"

void test(void) {
	connection c = tcp_connect(at(IPV4, (uint16_t)number_arg(1)));
	send(c.out, "go");
	wasi_list_u8_t got;
	wasi_io_streams_stream_error_t failed;
	CHECK(!INPUT(blocking_read)(c.in, 1, &got, &failed));
	CHECK_EQ(failed.tag, WASI_IO_STREAMS_STREAM_ERROR_LAST_OPERATION_FAILED);
	wasi_io_error_borrow_error_t error = wasi_io_error_borrow_error(failed.val.last_operation_failed);
	net_code found;
	CHECK(wasi_sockets_network_network_error_code(error, &found));
	CHECK_EQ(found, WASI_SOCKETS_NETWORK_ERROR_CODE_CONNECTION_RESET);
	wasi_http_types_error_code_t http;
	CHECK(!wasi_http_types_http_error_code(error, &http)); // it is not one of HTTP
	wasi_io_error_error_drop_own(failed.val.last_operation_failed);
	ends(c.in); // after the failure the stream is closed
	connection_drop(c);
}
