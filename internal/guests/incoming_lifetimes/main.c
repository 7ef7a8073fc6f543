// Resources of the serving side that must be dropped before others.
#include "incoming.h"

void exports_wasi_http_incoming_handler_handle(own_request q, outparam p) {
	wasi_string_t path = str(path_of(q));
	wasi_http_types_own_incoming_body_t body;
	if (is(path, "/headers")) {
		INCOMING(headers)(lend(q));
		wasi_http_types_incoming_request_drop_own(q);
	} else if (is(path, "/stream")) {
		CHECK(INCOMING(consume)(lend(q), &body));
		body_stream(body);
		wasi_http_types_incoming_body_drop_own(body);
	} else if (is(path, "/finish")) {
		CHECK(INCOMING(consume)(lend(q), &body));
		body_stream(body);
		wasi_http_types_static_incoming_body_finish(body);
	} else if (is(path, "/response")) {
		own_response r = response_with(200, fields_new());
		RESPONSE(headers)(wasi_http_types_borrow_outgoing_response(r));
		wasi_http_types_outgoing_response_drop_own(r);
	} else if (is(path, "/body")) {
		own_response r = response_with(200, fields_new());
		out_body b = response_body(r);
		write_stream(b);
		wasi_http_types_outgoing_body_drop_own(b);
	} else {
		reply(p, 200, "in order");
		return;
	}
	FAIL("no trap");
}
