// Answers that are in order, and answers that are not, as the path says.
#include "incoming.h"

static const char *path;
static bool at(const char *text) { return is(str(path), text); }

// declared returns a response that declares a length.
static own_response declared(const char *length) {
	fields h = fields_new();
	append(h, "Content-Length", length);
	return response_with(200, h);
}

void exports_wasi_http_incoming_handler_handle(own_request q, outparam p) {
	path = path_of(q);
	error_code e;
	if (at("/plain")) {
		own_response r = response_with(203, fields_new());
		CHECK(!RESPONSE(set_status_code)(wasi_http_types_borrow_outgoing_response(r), 99));
		CHECK(!RESPONSE(set_status_code)(wasi_http_types_borrow_outgoing_response(r), 1000));
		CHECK(!RESPONSE(set_status_code)(wasi_http_types_borrow_outgoing_response(r), 0));
		CHECK_EQ(RESPONSE(status_code)(wasi_http_types_borrow_outgoing_response(r)), 203);
		fields h = wasi_http_types_borrow_fields(RESPONSE(headers)(wasi_http_types_borrow_outgoing_response(r)));
		FIELDS_FAIL(try_append(h, "x", "y"), IMMUTABLE);
		fields_drop(h);
		set(p, r); // without a body
	} else if (at("/trailers")) {
		fields h = fields_new(), t = fields_new();
		append(h, "X-Header", "1");
		append(h, "x-header", "2");
		append(t, "X-Trailer", "3");
		own_response r = response_with(200, h);
		out_body b = response_body(r);
		set(p, r);
		out_stream s = write_stream(b);
		CHECK_EQ(write_flush(s, "content"), OPEN);
		drop_out(s);
		CHECK(try_finish(b, &t, &e));
	} else if (at("/exact")) {
		own_response r = declared("7");
		out_body b = response_body(r);
		set(p, r);
		write_body(b, "content");
	} else if (at("/short")) {
		own_response r = declared("10");
		out_body b = response_body(r);
		set(p, r);
		out_stream s = write_stream(b);
		CHECK_EQ(write_flush(s, "content"), OPEN);
		drop_out(s);
		CHECK(!try_finish(b, NULL, &e));
		CHECK_EQ(e.tag, CODE(HTTP_RESPONSE_BODY_SIZE));
		CHECK_EQ(e.val.http_response_body_size.val, 7);
	} else if (at("/long")) {
		own_response r = declared("3");
		out_body b = response_body(r);
		set(p, r);
		out_stream s = write_stream(b);
		CHECK_EQ(write_flush(s, "content"), FAILED);
		e = http_code();
		CHECK_EQ(e.tag, CODE(HTTP_RESPONSE_BODY_SIZE));
		CHECK_EQ(e.val.http_response_body_size.val, 7);
		drop_out(s);
		CHECK(!try_finish(b, NULL, &e));
	} else if (at("/large%20trailer")) {
		static char large[70000];
		memset(large, 'x', sizeof large - 1);
		fields t = fields_new();
		append(t, "large", large);
		own_response r = response_with(200, fields_new());
		out_body b = response_body(r);
		set(p, r);
		CHECK(!try_finish(b, &t, &e));
		CHECK_EQ(e.tag, CODE(HTTP_RESPONSE_TRAILER_SECTION_SIZE));
	} else if (at("/large%20header")) {
		static char large[70000];
		memset(large, 'x', sizeof large - 1);
		fields h = fields_new();
		append(h, "large", large);
		set(p, response_with(200, h));
	} else if (at("/dropped")) {
		own_response r = response_with(200, fields_new());
		out_body b = response_body(r);
		set(p, r);
		out_stream s = write_stream(b);
		CHECK_EQ(write_flush(s, "and then"), OPEN);
		drop_out(s);
		wasi_http_types_outgoing_body_drop_own(b);
	} else if (at("/unfinished")) {
		own_response r = response_with(200, fields_new());
		out_body b = response_body(r);
		set(p, r);
		CHECK_EQ(write_flush(write_stream(b), "and then"), OPEN);
	} else if (at("/informational")) {
		set(p, response_with(103, fields_new()));
	} else if (at("/never")) {
		wasi_http_types_response_outparam_drop_own(p);
	} else if (at("/nothing")) {
		wasi_http_types_incoming_request_drop_own(q);
	} else if (at("/twice")) {
		reply(p, 200, "once");
		set_error(p, (error_code){.tag = CODE(INTERNAL_ERROR)});
		FAIL("no trap");
	} else if (at("/exit")) {
		FAIL("on purpose");
	} else if (at("/too%20much")) {
		// The body of the request is longer than the host takes.
		wasi_http_types_own_incoming_body_t body;
		CHECK(INCOMING(consume)(lend(q), &body));
		in_stream in = body_stream(body);
		wasi_list_u8_t part;
		int state;
		while ((state = read_wait(in, 1 << 16, &part)) == OPEN) {
		}
		CHECK_EQ(state, FAILED);
		e = http_code();
		CHECK_EQ(e.tag, CODE(HTTP_REQUEST_BODY_SIZE));
		set_error(p, e);
	} else {
		reply(p, 404, path);
	}
}
