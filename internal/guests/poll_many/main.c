// poll: of several pollables, of one several times, of many.
#include "streams.h"

typedef wasi_io_poll_borrow_pollable_t lent;

static wasi_list_u32_t poll(lent *list, size_t n) {
	wasi_io_poll_list_borrow_pollable_t in = {list, n};
	wasi_list_u32_t got;
	wasi_io_poll_poll(&in, &got);
	return got;
}

static lent lend(pollable p) { return wasi_io_poll_borrow_pollable(p); }

void test(void) {
	pollable never = subscribe_in(wasi_cli_stdin_get_stdin()), now = wasi_clocks_monotonic_clock_subscribe_duration(0),
			 soon = wasi_clocks_monotonic_clock_subscribe_duration(20000000);

	// The indices of those that are ready, of these alone.
	wasi_list_u32_t got = poll((lent[]){lend(never), lend(now), lend(never), lend(now)}, 4);
	CHECK_EQ(got.len, 2);
	CHECK_EQ(got.ptr[0], 1);
	CHECK_EQ(got.ptr[1], 3);

	// It waits until there is one.
	got = poll((lent[]){lend(never), lend(soon), lend(soon)}, 3);
	CHECK_EQ(got.len, 2);
	CHECK_EQ(got.ptr[0], 1);
	CHECK_EQ(got.ptr[1], 2);
	CHECK(ready(soon));
	got = poll((lent[]){lend(soon)}, 1);
	CHECK_EQ(got.len, 1);
	CHECK_EQ(got.ptr[0], 0);

	// Many, of which the last is first.
	enum { MANY = 1000 };
	lent *many = malloc(MANY * sizeof *many);
	for (size_t i = 0; i < MANY; i++) {
		many[i] = lend(wasi_clocks_monotonic_clock_subscribe_duration(i == MANY - 1 ? 20000000 : UINT64_MAX));
	}
	got = poll(many, MANY);
	CHECK_EQ(got.len, 1);
	CHECK_EQ(got.ptr[0], MANY - 1);

	// The same one, as many times as can be polled at once.
	enum { MOST = 1 << 16 };
	many = malloc(MOST * sizeof *many);
	for (size_t i = 0; i < MOST; i++) {
		many[i] = lend(now);
	}
	got = poll(many, MOST);
	CHECK_EQ(got.len, MOST);
	CHECK_EQ(got.ptr[MOST - 1], MOST - 1);
}
