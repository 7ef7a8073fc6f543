// Answers with what it sees of the request.
#include "incoming.h"

static out_stream out;

static void line(const char *name, wasi_string_t value) {
	CHECK_EQ(write_flush(out, name), OPEN);
	CHECK_EQ(write_flush(out, "="), OPEN);
	if (value.len > 0) {
		CHECK_EQ(write_flush_bytes(out, value.ptr, value.len), OPEN);
	}
	CHECK_EQ(write_flush(out, "\n"), OPEN);
}

void exports_wasi_http_incoming_handler_handle(own_request q, outparam p) {
	own_response r = wasi_http_types_constructor_outgoing_response(owned(fields_new()));
	CHECK_EQ(RESPONSE(status_code)(wasi_http_types_borrow_outgoing_response(r)), 200);
	out_body b = response_body(r);
	set(p, r);
	out = write_stream(b);

	wasi_http_types_method_t m;
	INCOMING(method)(lend(q), &m);
	line("method", m.tag == WASI_HTTP_TYPES_METHOD_OTHER ? m.val.other : str(decimal(m.tag)));
	line("path", str(path_of(q)));
	wasi_http_types_scheme_t s;
	CHECK(INCOMING(scheme)(lend(q), &s));
	line("scheme", str(decimal(s.tag)));
	wasi_string_t authority;
	CHECK(INCOMING(authority)(lend(q), &authority));
	line("authority", authority);

	fields h = wasi_http_types_borrow_fields(INCOMING(headers)(lend(q)));
	FIELDS_FAIL(try_append(h, "x", "y"), IMMUTABLE);
	wasi_http_types_list_tuple2_field_name_field_value_t all;
	FIELDS(entries)(h, &all);
	for (size_t i = 0; i < all.len; i++) {
		line(text_of(all.ptr[i].f0), (wasi_string_t){all.ptr[i].f1.ptr, all.ptr[i].f1.len});
	}
	fields_drop(h);

	wasi_http_types_own_incoming_body_t body, again;
	CHECK(INCOMING(consume)(lend(q), &body));
	CHECK(!INCOMING(consume)(lend(q), &again));
	wasi_http_types_incoming_request_drop_own(q); // its body lives on
	in_stream in = body_stream(body);
	line("body", string_of(read_all(in)));
	drop_in(in);
	wasi_http_types_incoming_body_drop_own(body);
	drop_out(out);
	finish(b);
}
