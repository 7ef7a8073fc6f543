// Clocks, sleep, poll and random numbers.
#include "preview1.h"
#include <poll.h>
#include <time.h>
#include <unistd.h>

static long long now(clockid_t clock) {
	struct timespec t;
	CHECK(clock_gettime(clock, &t) == 0);
	CHECK(t.tv_nsec >= 0 && t.tv_nsec < 1000000000);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(void) {
	struct timespec res;
	CHECK(clock_getres(CLOCK_MONOTONIC, &res) == 0 && (res.tv_sec > 0 || res.tv_nsec > 0));
	CHECK(clock_getres(CLOCK_REALTIME, &res) == 0 && (res.tv_sec > 0 || res.tv_nsec > 0));
	CHECK(now(CLOCK_REALTIME) > 1700000000LL * 1000000000);

	// Asleep at least as long as was asked for.
	long long start = now(CLOCK_MONOTONIC);
	CHECK(nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL) == 0);
	CHECK(now(CLOCK_MONOTONIC) - start >= 20000000);

	// poll_oneoff of output that takes bytes and a time that is far away.
	struct pollfd out = {.fd = 1, .events = POLLOUT};
	CHECK(poll(&out, 1, 60000) == 1 && out.revents & POLLOUT);
	start = now(CLOCK_MONOTONIC);
	CHECK(poll(NULL, 0, 20) == 0 || errno == ENOTSUP);

	unsigned char a[256] = {0}, b[256] = {0}, zero[256] = {0};
	CHECK(getentropy(a, sizeof a) == 0 && getentropy(b, sizeof b) == 0);
	CHECK(memcmp(a, b, sizeof a) != 0 && memcmp(a, zero, sizeof a) != 0);
	CHECK_ERRNO(getentropy(a, 257), EIO);
	return 0;
}
