// A body must have the length that its header declares, and no body may be left
// unfinished.
#include "http.h"

static request with_length(const char *length) {
	fields header = fields_new();
	append(header, "Content-Length", length);
	return request_with("POST", "/echo", header);
}

static void check_size(error_code e, uint64_t size) {
	CHECK_EQ(e.tag, CODE(HTTP_REQUEST_BODY_SIZE));
	CHECK(e.val.http_request_body_size.is_some);
	CHECK_EQ(e.val.http_request_body_size.val, size);
}

// failed checks that the server has not seen a whole request.
static void failed(future f) {
	response r;
	error_code e;
	CHECK(!try_await(f, &r, &e));
	future_drop(f);
}

void test(void) {
	error_code e;
	future f;

	request r = with_length("5");
	out_body b = request_body(r);
	f = handle(r);
	write_body(b, "exact");
	response got = await(f);
	CHECK(response_has(got, "x-length", "5"));
	CHECK(response_has(got, "x-body", "exact"));
	response_drop(got);
	future_drop(f);

	// Less.
	r = with_length("5");
	b = request_body(r);
	f = handle(r);
	out_stream out = write_stream(b);
	CHECK_EQ(write_flush(out, "four"), OPEN);
	drop_out(out);
	CHECK(!try_finish(b, NULL, &e));
	check_size(e, 4);
	failed(f);

	// More.
	r = with_length("5");
	b = request_body(r);
	f = handle(r);
	out = write_stream(b);
	CHECK_EQ(write_flush(out, "longer"), FAILED);
	check_size(http_code(), 6);
	CHECK_EQ(write_flush(out, "x"), CLOSED);
	drop_out(out);
	CHECK(!try_finish(b, NULL, &e));
	failed(f);

	// Nothing, and not even a body.
	b = request_body(r = with_length("5"));
	f = handle(r);
	CHECK(!try_finish(b, NULL, &e));
	check_size(e, 0);
	failed(f);
	CHECK(!try_handle(with_length("5"), &f, &e));
	check_size(e, 0);
	got = await(f = handle(with_length("0")));
	response_drop(got);
	future_drop(f);

	// What is not a length.
	CHECK(!try_handle(with_length("five"), &f, &e));
	CHECK_EQ(e.tag, CODE(HTTP_PROTOCOL_ERROR));

	// A body that is dropped is corrupt.
	b = request_body(r = request_to("POST", "/echo"));
	f = handle(r);
	out = write_stream(b);
	CHECK_EQ(write_flush(out, "and then"), OPEN);
	drop_out(out);
	wasi_http_types_outgoing_body_drop_own(b);
	failed(f);

	// Headers and trailers have bounds.
	static char large[70000];
	memset(large, 'x', sizeof large - 1);
	fields header = fields_new();
	append(header, "large", large);
	CHECK(!try_handle(request_with("GET", "/echo", header), &f, &e));
	CHECK_EQ(e.tag, CODE(HTTP_REQUEST_HEADER_SECTION_SIZE));
	CHECK(e.val.http_request_header_section_size.val > 70000);
	b = request_body(r = request_to("POST", "/echo"));
	f = handle(r);
	fields trailers = fields_new();
	append(trailers, "large", large);
	CHECK(!try_finish(b, &trailers, &e));
	CHECK_EQ(e.tag, CODE(HTTP_REQUEST_TRAILER_SECTION_SIZE));
	failed(f);
}
