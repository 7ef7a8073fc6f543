// Trailers go both ways.
#include "http.h"

typedef wasi_http_types_own_future_trailers_t future_trailers;

static wasi_http_types_result_result_option_own_trailers_error_code_void_t trailers_of(future_trailers f) {
	wasi_http_types_borrow_future_trailers_t lent = wasi_http_types_borrow_future_trailers(f);
	pollable p = wasi_http_types_method_future_trailers_subscribe(lent);
	block(p);
	drop_pollable(p);
	wasi_http_types_result_result_option_own_trailers_error_code_void_t got;
	CHECK(wasi_http_types_method_future_trailers_get(lent, &got));
	return got;
}

// ask sends a body with a trailer.
static response ask(void) {
	fields header = fields_new();
	append(header, "trailer", "X-Sum");
	request r = request_with("POST", "/trailers", header);
	out_body b = request_body(r);
	future f = handle(r);
	out_stream out = write_stream(b);
	CHECK_EQ(write_flush(out, "content"), OPEN);
	drop_out(out);
	fields trailers = fields_new();
	append(trailers, "X-Sum", "7");
	append(trailers, "Content-Length", "99"); // comes too late, and is left out
	error_code e;
	CHECK(try_finish(b, &trailers, &e));
	response got = await(f);
	future_drop(f);
	CHECK_EQ(status(got), 200);
	CHECK(response_has(got, "x-received", "7"));
	return got;
}

void test(void) {
	// Read to the end, then the trailers.
	response r = ask();
	wasi_http_types_own_incoming_body_t body = consume(r);
	in_stream s = body_stream(body);
	CHECK_BYTES(read_all(s), "content");
	drop_in(s);
	future_trailers f = wasi_http_types_static_incoming_body_finish(body);
	wasi_http_types_result_result_option_own_trailers_error_code_void_t got = trailers_of(f);
	CHECK(!got.is_err && !got.val.ok.is_err && got.val.ok.val.ok.is_some);
	fields t = wasi_http_types_borrow_fields(got.val.ok.val.ok.val);
	CHECK(has_field(t, "x-back", "14"));
	FIELDS_FAIL(try_append(t, "x", "y"), IMMUTABLE);
	fields_drop(t);
	CHECK(trailers_of(f).is_err); // they are given out once
	wasi_http_types_future_trailers_drop_own(f);
	response_drop(r);

	// The body may be left unread.
	r = ask();
	f = wasi_http_types_static_incoming_body_finish(consume(r));
	got = trailers_of(f);
	CHECK(!got.is_err && !got.val.ok.is_err && got.val.ok.val.ok.is_some);
	wasi_http_types_fields_drop_own(got.val.ok.val.ok.val);
	wasi_http_types_future_trailers_drop_own(f);
	response_drop(r);

	// There may be none.
	future g = handle(request_to("GET", "/echo"));
	r = await(g);
	future_drop(g);
	f = wasi_http_types_static_incoming_body_finish(consume(r));
	got = trailers_of(f);
	CHECK(!got.is_err && !got.val.ok.is_err && !got.val.ok.val.ok.is_some);
	wasi_http_types_future_trailers_drop_own(f);
	response_drop(r);

	// Or no end of the body, and so none.
	g = handle(request_to("GET", "/cut"));
	r = await(g);
	future_drop(g);
	f = wasi_http_types_static_incoming_body_finish(consume(r));
	got = trailers_of(f);
	CHECK(!got.is_err && got.val.ok.is_err);
	CHECK_EQ(got.val.ok.val.err.tag, CODE(HTTP_RESPONSE_INCOMPLETE));
	wasi_http_types_future_trailers_drop_own(f);
	response_drop(r);
}
