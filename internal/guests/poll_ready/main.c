// pollable: ready and block, of clocks and streams.
#include "streams.h"

void test(void) {
	// Standard input stays open and empty.
	pollable never = subscribe_in(wasi_cli_stdin_get_stdin()), now = wasi_clocks_monotonic_clock_subscribe_duration(0),
			 soon = wasi_clocks_monotonic_clock_subscribe_duration(20000000), late = wasi_clocks_monotonic_clock_subscribe_duration(UINT64_MAX);
	CHECK(ready(now));
	CHECK(ready(now));
	block(now);
	CHECK(!ready(never));
	CHECK(!ready(late));
	block(soon);
	CHECK(ready(soon));
	block(soon);
	CHECK(!ready(never));
	CHECK(!ready(late));
}
