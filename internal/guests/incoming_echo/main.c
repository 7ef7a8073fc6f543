// Sends the body of a request back while it comes, and then its trailers.
#include "incoming.h"

void exports_wasi_http_incoming_handler_handle(own_request q, outparam p) {
	wasi_http_types_own_incoming_body_t body;
	CHECK(INCOMING(consume)(lend(q), &body));
	in_stream in = body_stream(body);
	own_response r = response_with(200, fields_new());
	out_body b = response_body(r), again;
	CHECK(!RESPONSE(body)(wasi_http_types_borrow_outgoing_response(r), &again));
	set(p, r);
	out_stream out = write_stream(b);
	uint64_t moved;
	int state;
	while ((state = splice_wait(out, in, 1 << 16, &moved)) == OPEN) {
		CHECK_EQ(flush_now(out), OPEN);
	}
	CHECK_EQ(state, CLOSED);
	drop_in(in);
	drop_out(out);

	wasi_http_types_own_future_trailers_t f = wasi_http_types_static_incoming_body_finish(body);
	wasi_http_types_borrow_future_trailers_t lent = wasi_http_types_borrow_future_trailers(f);
	pollable wait = wasi_http_types_method_future_trailers_subscribe(lent);
	block(wait);
	drop_pollable(wait);
	wasi_http_types_result_result_option_own_trailers_error_code_void_t got;
	CHECK(wasi_http_types_method_future_trailers_get(lent, &got));
	CHECK(!got.is_err && !got.val.ok.is_err);
	error_code e;
	if (got.val.ok.val.ok.is_some) {
		fields t = wasi_http_types_borrow_fields(got.val.ok.val.ok.val);
		CHECK(try_finish(b, &t, &e)); // they are no child of the future any more
	} else {
		CHECK(try_finish(b, NULL, &e));
	}
	wasi_http_types_future_trailers_drop_own(f);
	wasi_http_types_incoming_request_drop_own(q);
}
