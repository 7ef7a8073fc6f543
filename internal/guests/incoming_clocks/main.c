// Tells of its clocks: what they resolve, and what they show.
#include "incoming.h"

static char *number(char *to, uint64_t n) {
	char digits[24], *p = digits + sizeof digits;
	do {
		*--p = (char)('0' + n % 10);
	} while (n /= 10);
	size_t length = (size_t)(digits + sizeof digits - p);
	memcpy(to, p, length);
	return to + length;
}

static char *text(char *to, const char *s) {
	memcpy(to, s, strlen(s));
	return to + strlen(s);
}

void exports_wasi_http_incoming_handler_handle(own_request q, outparam p) {
	wasi_http_types_incoming_request_drop_own(q);
	wasi_clocks_wall_clock_datetime_t resolution, now;
	wasi_clocks_wall_clock_resolution(&resolution);
	wasi_clocks_wall_clock_now(&now);
	char answer[256], *end = text(answer, "monotonic ");
	end = number(end, wasi_clocks_monotonic_clock_resolution());
	end = number(text(end, " "), wasi_clocks_monotonic_clock_now());
	end = number(text(end, " ns\nwall "), resolution.seconds * 1000000000 + resolution.nanoseconds);
	end = number(text(end, " "), now.seconds * 1000000000 + now.nanoseconds);
	*text(end, " ns\n") = '\0';
	reply(p, 200, answer);
}
