// exit: exit-with-code ends the guest with a code.
#include "streams.h"

void test(void) {
	wasi_string_t digits = arg(1);
	unsigned code = 0;
	for (size_t i = 0; i < digits.len; i++) {
		code = code * 10 + (unsigned)(digits.ptr[i] - '0');
	}
	out_stream out = wasi_cli_stdout_get_stdout();
	CHECK_EQ(write_flush(out, "before"), OPEN);
	wasi_cli_exit_exit_with_code((uint8_t)code);
	(void)write_flush(out, "after");
}
