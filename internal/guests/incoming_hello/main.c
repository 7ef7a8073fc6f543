// The least that a server does: each request is answered with two header fields
// and a text of a known length. Its cost is that of everything around it
// (BenchmarkHello of package host).
#include "incoming.h"

void exports_wasi_http_incoming_handler_handle(own_request q, outparam p) {
	wasi_http_types_incoming_request_drop_own(q);
	fields h = fields_new();
	append(h, "content-type", "text/plain");
	append(h, "content-length", "5");
	own_response r = response_with(200, h);
	out_body b = response_body(r);
	set(p, r);
	write_body(b, "hello");
}
