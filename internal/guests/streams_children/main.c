// Pollables that outlive the stream that they come from: the text lets a host
// trap, and this one does not. They are ready, since the stream is closed.
#include "streams.h"

void test(void) {
	in_stream in = wasi_cli_stdin_get_stdin();
	out_stream out = wasi_cli_stdout_get_stdout();
	pollable a = subscribe_in(in), b = subscribe_out(out);
	drop_in(in);
	drop_out(out);
	CHECK(ready(a));
	CHECK(ready(b));
	block(a);
	drop_pollable(a);
	drop_pollable(b);

	// Dropping a stream does not close what is behind it.
	wasi_list_u8_t got;
	in = wasi_cli_stdin_get_stdin();
	CHECK_EQ(read_wait(in, 10, &got), OPEN);
	CHECK_BYTES(got, "input");
	CHECK_EQ(write_flush(wasi_cli_stdout_get_stdout(), "output"), OPEN);
}
