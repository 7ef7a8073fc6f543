// The guest says where it listens, and sends back what the first client sends.
#include "sockets.h"

void test(void) {
	endpoint where;
	tcp listener = tcp_listen(IPV4, &where);
	OK(TCP(set_listen_backlog_size)(listener, 4, &code));
	wasi_io_streams_own_output_stream_t out = wasi_cli_stdout_get_stdout();
	uint8_t digits[5];
	size_t n = 5;
	for (uint16_t port = port_of(where); port > 0; port /= 10) {
		digits[--n] = (uint8_t)('0' + port % 10);
	}
	wasi_list_u8_t text = {digits + n, 5 - n};
	wasi_io_streams_stream_error_t failed;
	CHECK(OUTPUT(blocking_write_and_flush)(wasi_io_streams_borrow_output_stream(out), &text, &failed));
	wasi_io_streams_output_stream_drop_own(out);

	connection c = tcp_accept(listener);
	uint64_t moved;
	while (OUTPUT(blocking_splice)(c.out, c.in, 1 << 20, &moved, &failed)) {
	}
	CHECK_EQ(failed.tag, WASI_IO_STREAMS_STREAM_ERROR_CLOSED);
	CHECK(OUTPUT(blocking_flush)(c.out, &failed));
	connection_drop(c);
	tcp_drop(listener);
}
