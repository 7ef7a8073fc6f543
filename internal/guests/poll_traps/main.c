// Polls that trap, one for each argument.
#include "streams.h"

void test(void) {
	wasi_string_t what = arg(1);
	wasi_io_poll_list_borrow_pollable_t in = {NULL, 0};
	wasi_list_u32_t got;
	if (is(what, "empty list")) {
		wasi_io_poll_poll(&in, &got);
	} else if (is(what, "too many")) {
		pollable p = wasi_clocks_monotonic_clock_subscribe_duration(0);
		in.len = (1 << 16) + 1;
		in.ptr = malloc(in.len * sizeof *in.ptr);
		for (size_t i = 0; i < in.len; i++) {
			in.ptr[i] = wasi_io_poll_borrow_pollable(p);
		}
		wasi_io_poll_poll(&in, &got);
	} else if (is(what, "dropped pollable")) {
		pollable p = wasi_clocks_monotonic_clock_subscribe_duration(0);
		drop_pollable(p);
		block(p);
	} else if (is(what, "no pollable")) {
		in.ptr = (wasi_io_poll_borrow_pollable_t[]){{wasi_cli_stdin_get_stdin().__handle}};
		in.len = 1;
		wasi_io_poll_poll(&in, &got);
	} else {
		FAIL("no such case");
	}
}
