// insecure-seed: 128 bits, which the host compares with those of another run.
#include "streams.h"

void test(void) {
	wasi_tuple2_u64_u64_t seed;
	wasi_random_insecure_seed_insecure_seed(&seed);
	CHECK(seed.f0 != seed.f1);
	CHECK_EQ(write_flush_bytes(wasi_cli_stdout_get_stdout(), &seed, sizeof seed), OPEN);
}
