// Answers with the error-code whose case is the number after "/".
#include "incoming.h"

void exports_wasi_http_incoming_handler_handle(own_request q, outparam p) {
	error_code e = {0};
	for (const char *digit = path_of(q) + 1; *digit != '\0'; digit++) {
		e.tag = (uint8_t)(e.tag * 10 + (*digit - '0'));
	}
	set_error(p, e);
}
