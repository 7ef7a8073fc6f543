// Resources that must be dropped before others: a guest that does not traps. The
// second argument says which.
#include "http.h"

static response get(const char *path) {
	future f = handle(request_to("GET", path));
	response r = await(f);
	future_drop(f);
	return r;
}

void test(void) {
	wasi_string_t what = arg(2);
	if (is(what, "request before headers")) {
		request r = request_to("GET", "/echo");
		REQUEST(headers)(r);
		request_drop(r);
	} else if (is(what, "response before headers")) {
		response r = get("/echo");
		wasi_http_types_method_incoming_response_headers(r);
		response_drop(r);
	} else if (is(what, "outgoing response before headers")) {
		wasi_http_types_own_outgoing_response_t r = wasi_http_types_constructor_outgoing_response(owned(fields_new()));
		wasi_http_types_method_outgoing_response_headers(wasi_http_types_borrow_outgoing_response(r));
		wasi_http_types_outgoing_response_drop_own(r);
	} else if (is(what, "body before stream")) {
		wasi_http_types_own_incoming_body_t b = consume(get("/echo"));
		body_stream(b);
		wasi_http_types_incoming_body_drop_own(b);
	} else if (is(what, "finish before stream")) {
		wasi_http_types_own_incoming_body_t b = consume(get("/echo"));
		read_all(body_stream(b)); // the end is not enough
		wasi_http_types_static_incoming_body_finish(b);
	} else if (is(what, "future before trailers")) {
		wasi_http_types_own_future_trailers_t f = wasi_http_types_static_incoming_body_finish(consume(get("/trailers")));
		wasi_http_types_borrow_future_trailers_t lent = wasi_http_types_borrow_future_trailers(f);
		block(wasi_http_types_method_future_trailers_subscribe(lent));
		wasi_http_types_result_result_option_own_trailers_error_code_void_t got;
		CHECK(wasi_http_types_method_future_trailers_get(lent, &got));
		CHECK(got.val.ok.val.ok.is_some);
		wasi_http_types_future_trailers_drop_own(f);
	} else if (is(what, "outgoing body before stream")) {
		out_body b = request_body(request_to("POST", "/echo"));
		write_stream(b);
		wasi_http_types_outgoing_body_drop_own(b);
	} else if (is(what, "outgoing finish before stream")) {
		out_body b = request_body(request_to("POST", "/echo"));
		write_stream(b);
		finish(b);
	} else if (is(what, "after handle")) {
		request r = request_to("GET", "/echo");
		handle(r);
		request_drop(r);
	} else if (is(what, "after constructor")) {
		fields f = fields_new();
		wasi_http_types_constructor_outgoing_request(owned(f));
		append(f, "x", "y");
	} else {
		CHECK(is(what, "in order"));
		// Children that go where their parents went, and parents whose children
		// have become something else.
		request r = request_to("GET", "/echo");
		fields h = wasi_http_types_borrow_fields(REQUEST(headers)(r));
		future f = handle(r);
		CHECK_EQ(count(h, "x"), 0);
		response got = await(f);
		future_drop(f);
		fields_drop(h);
		wasi_http_types_own_fields_t of = wasi_http_types_method_incoming_response_headers(got);
		request next = wasi_http_types_borrow_outgoing_request(wasi_http_types_constructor_outgoing_request(of));
		wasi_http_types_own_incoming_body_t b = consume(got);
		response_drop(got); // its body lives on
		in_stream s = body_stream(b);
		CHECK_BYTES(read_all(s), "body of the response");
		drop_in(s);
		wasi_http_types_incoming_body_drop_own(b);
		request_drop(next);
		return;
	}
	FAIL("no trap");
}
