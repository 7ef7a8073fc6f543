// Makes a request, with method, scheme, authority and path as its arguments say,
// and says what it fails at, "handle", "future" or "body", and with which case of
// error-code; or "none".
#include "http.h"

static void failed(const char *at, uint8_t tag) {
	say(at);
	say(" ");
	say(decimal(tag));
}

void test(void) {
	request r = wasi_http_types_borrow_outgoing_request(wasi_http_types_constructor_outgoing_request(owned(fields_new())));
	CHECK(try_method(r, text_of(arg(1))));
	wasi_http_types_scheme_t scheme = {.tag = WASI_HTTP_TYPES_SCHEME_OTHER, .val.other = arg(2)};
	if (is(arg(2), "http")) {
		scheme.tag = WASI_HTTP_TYPES_SCHEME_HTTP;
	} else if (is(arg(2), "https")) {
		scheme.tag = WASI_HTTP_TYPES_SCHEME_HTTPS;
	}
	CHECK(REQUEST(set_scheme)(r, &scheme));
	if (arg(3).len > 0) {
		CHECK(try_authority(r, text_of(arg(3))));
	}
	CHECK(try_path(r, text_of(arg(4))));
	future f;
	response got;
	error_code e;
	if (!try_handle(r, &f, &e)) {
		failed("handle", e.tag);
		return;
	}
	if (!try_await(f, &got, &e)) {
		failed("future", e.tag);
		future_drop(f);
		return;
	}
	future_drop(f);
	wasi_http_types_own_incoming_body_t body = consume(got);
	in_stream s = body_stream(body);
	wasi_list_u8_t part;
	int state;
	while ((state = read_wait(s, 1 << 16, &part)) == OPEN) {
	}
	if (state == FAILED) {
		e = http_code();
		failed("body", e.tag);
		CHECK_EQ(read_wait(s, 1, &part), CLOSED);
	}
	drop_in(s);
	if (state == CLOSED) {
		wasi_http_types_own_future_trailers_t t = wasi_http_types_static_incoming_body_finish(body);
		wasi_http_types_borrow_future_trailers_t lent = wasi_http_types_borrow_future_trailers(t);
		pollable p = wasi_http_types_method_future_trailers_subscribe(lent);
		block(p);
		drop_pollable(p);
		wasi_http_types_result_result_option_own_trailers_error_code_void_t trailers;
		CHECK(wasi_http_types_method_future_trailers_get(lent, &trailers));
		if (trailers.val.ok.is_err) {
			failed("trailers", trailers.val.ok.val.err.tag);
		} else {
			say("none");
		}
	} else {
		wasi_http_types_incoming_body_drop_own(body);
	}
	response_drop(got);
}
