// What guests of wasi:http share: short names, and checks of results.
#ifndef HTTP_H
#define HTTP_H

#include "streams.h"

typedef wasi_http_types_borrow_fields_t fields;
typedef wasi_http_types_error_code_t error_code;
typedef wasi_http_types_header_error_t header_error;
typedef wasi_http_types_borrow_outgoing_request_t request;
typedef wasi_http_types_borrow_incoming_response_t response;
typedef wasi_http_types_own_future_incoming_response_t future;

#define FIELDS(name) wasi_http_types_method_fields_##name
#define REQUEST(name) wasi_http_types_method_outgoing_request_##name
#define CODE(name) WASI_HTTP_TYPES_ERROR_CODE_##name

// FIELDS_FAIL ends the guest unless a call of fields, which names fails, fails
// with a header-error.
static header_error fields_error;
#define FIELDS_FAIL(call, want) \
	((call) ? FAIL(#call " succeeds") : check_eq(__FILE__, __LINE__, #call, fields_error.tag, WASI_HTTP_TYPES_HEADER_ERROR_##want))

[[maybe_unused]] static fields fields_new(void) { return wasi_http_types_borrow_fields(wasi_http_types_constructor_fields()); }

[[maybe_unused]] static wasi_http_types_own_fields_t owned(fields f) { return (wasi_http_types_own_fields_t){f.__handle}; }

[[maybe_unused]] static void fields_drop(fields f) { wasi_http_types_fields_drop_own(owned(f)); }

[[maybe_unused]] static bool try_append(fields f, const char *name, const char *value) {
	wasi_string_t n = str(name);
	wasi_http_types_field_value_t v = {(uint8_t *)value, strlen(value)};
	return FIELDS(append)(f, &n, &v, &fields_error);
}

[[maybe_unused]] static void append(fields f, const char *name, const char *value) { CHECK(try_append(f, name, value)); }

// has_field says whether a name has one value, and which.
[[maybe_unused]] static bool has_field(fields f, const char *name, const char *value) {
	wasi_http_types_list_field_value_t got;
	wasi_string_t n = str(name);
	FIELDS(get)(f, &n, &got);
	return got.len == 1 && got.ptr[0].len == strlen(value) && memcmp(got.ptr[0].ptr, value, got.ptr[0].len) == 0;
}

// count returns how many values a name has.
[[maybe_unused]] static size_t count(fields f, const char *name) {
	wasi_http_types_list_field_value_t got;
	wasi_string_t n = str(name);
	FIELDS(get)(f, &n, &got);
	return got.len;
}

[[maybe_unused]] static wasi_http_types_method_t method_of(const char *name) {
	static const char *names[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};
	for (uint8_t i = 0; i < LENGTH(names); i++) {
		if (is(str(name), names[i])) {
			return (wasi_http_types_method_t){.tag = i};
		}
	}
	return (wasi_http_types_method_t){.tag = WASI_HTTP_TYPES_METHOD_OTHER, .val.other = str(name)};
}

[[maybe_unused]] static bool try_path(request r, const char *path) {
	wasi_string_t s = str(path);
	return REQUEST(set_path_with_query)(r, &s);
}

[[maybe_unused]] static bool try_authority(request r, const char *authority) {
	wasi_string_t s = str(authority);
	return REQUEST(set_authority)(r, &s);
}

[[maybe_unused]] static bool try_method(request r, const char *name) {
	wasi_http_types_method_t m = method_of(name);
	return REQUEST(set_method)(r, &m);
}

// request_with returns an HTTP request to the authority that is the first
// argument of the guest.
[[maybe_unused]] static request request_with(const char *method, const char *path, fields header) {
	request r = wasi_http_types_borrow_outgoing_request(wasi_http_types_constructor_outgoing_request(owned(header)));
	wasi_http_types_scheme_t scheme = {.tag = WASI_HTTP_TYPES_SCHEME_HTTP};
	wasi_string_t authority = arg(1);
	CHECK(try_method(r, method));
	CHECK(try_path(r, path));
	CHECK(REQUEST(set_scheme)(r, &scheme));
	CHECK(REQUEST(set_authority)(r, &authority));
	return r;
}

[[maybe_unused]] static request request_to(const char *method, const char *path) { return request_with(method, path, fields_new()); }

[[maybe_unused]] static void request_drop(request r) {
	wasi_http_types_outgoing_request_drop_own((wasi_http_types_own_outgoing_request_t){r.__handle});
}

[[maybe_unused]] static bool try_handle(request r, future *f, error_code *e) {
	return wasi_http_outgoing_handler_handle((wasi_http_types_own_outgoing_request_t){r.__handle}, NULL, f, e);
}

[[maybe_unused]] static future handle(request r) {
	future f;
	error_code e;
	if (!try_handle(r, &f, &e)) {
		check_eq(__FILE__, __LINE__, "the error-code of handle", e.tag, -1);
	}
	return f;
}

// try_await waits for a response or an error.
[[maybe_unused]] static bool try_await(future f, response *r, error_code *e) {
	wasi_http_types_borrow_future_incoming_response_t lent = wasi_http_types_borrow_future_incoming_response(f);
	wasi_http_types_result_result_own_incoming_response_error_code_void_t got;
	pollable p = wasi_http_types_method_future_incoming_response_subscribe(lent);
	block(p);
	drop_pollable(p);
	CHECK(wasi_http_types_method_future_incoming_response_get(lent, &got));
	CHECK(!got.is_err);
	if (got.val.ok.is_err) {
		*e = got.val.ok.val.err;
		return false;
	}
	*r = wasi_http_types_borrow_incoming_response(got.val.ok.val.ok);
	return true;
}

[[maybe_unused]] static response await(future f) {
	response r;
	error_code e;
	if (!try_await(f, &r, &e)) {
		check_eq(__FILE__, __LINE__, "the error-code of the future", e.tag, -1);
	}
	return r;
}

[[maybe_unused]] static void future_drop(future f) { wasi_http_types_future_incoming_response_drop_own(f); }

[[maybe_unused]] static void response_drop(response r) {
	wasi_http_types_incoming_response_drop_own((wasi_http_types_own_incoming_response_t){r.__handle});
}

[[maybe_unused]] static uint16_t status(response r) { return wasi_http_types_method_incoming_response_status(r); }

// response_has says whether a field of the header has one value, and which.
[[maybe_unused]] static bool response_has(response r, const char *name, const char *value) {
	fields f = wasi_http_types_borrow_fields(wasi_http_types_method_incoming_response_headers(r));
	bool has = has_field(f, name, value);
	fields_drop(f);
	return has;
}

[[maybe_unused]] static wasi_http_types_own_incoming_body_t consume(response r) {
	wasi_http_types_own_incoming_body_t body;
	CHECK(wasi_http_types_method_incoming_response_consume(r, &body));
	return body;
}

[[maybe_unused]] static in_stream body_stream(wasi_http_types_own_incoming_body_t body) {
	in_stream s;
	CHECK(wasi_http_types_method_incoming_body_stream(wasi_http_types_borrow_incoming_body(body), &s));
	return s;
}

// body_of reads all of a response's body, and drops it with the response.
[[maybe_unused]] static wasi_list_u8_t body_of(response r) {
	wasi_http_types_own_incoming_body_t body = consume(r);
	in_stream s = body_stream(body);
	wasi_list_u8_t all = read_all(s);
	drop_in(s);
	wasi_http_types_incoming_body_drop_own(body);
	response_drop(r);
	return all;
}

typedef wasi_http_types_own_outgoing_body_t out_body;

[[maybe_unused]] static out_body request_body(request r) {
	out_body b;
	CHECK(REQUEST(body)(r, &b));
	return b;
}

[[maybe_unused]] static out_stream write_stream(out_body b) {
	out_stream s;
	CHECK(wasi_http_types_method_outgoing_body_write(wasi_http_types_borrow_outgoing_body(b), &s));
	return s;
}

// try_finish finishes a body, with trailers if that is not NULL.
[[maybe_unused]] static bool try_finish(out_body b, const fields *trailers, error_code *e) {
	wasi_http_types_own_fields_t own;
	if (trailers != NULL) {
		own = owned(*trailers);
	}
	return wasi_http_types_static_outgoing_body_finish(b, trailers == NULL ? NULL : &own, e);
}

[[maybe_unused]] static void finish(out_body b) {
	error_code e;
	CHECK(try_finish(b, NULL, &e));
}

// write_body writes a whole body.
[[maybe_unused]] static void write_body(out_body b, const char *text) {
	out_stream s = write_stream(b);
	for (size_t left = strlen(text); left > 0;) {
		size_t n = left < 4096 ? left : 4096;
		CHECK_EQ(write_flush_bytes(s, text, n), OPEN);
		text += n;
		left -= n;
	}
	drop_out(s);
	finish(b);
}

// http_code returns the error-code of the failure of a stream.
[[maybe_unused]] static error_code http_code(void) {
	error_code e;
	CHECK(wasi_http_types_http_error_code(wasi_io_error_borrow_error(failure), &e));
	wasi_io_error_error_drop_own(failure);
	return e;
}

// say writes to standard output.
[[maybe_unused]] static void say(const char *text) {
	out_stream out = wasi_cli_stdout_get_stdout();
	CHECK_EQ(write_flush(out, text), OPEN);
	drop_out(out);
}

// decimal makes a text of a number.
[[maybe_unused]] static const char *decimal(uint64_t n) {
	char *p = (char *)malloc(24) + 23;
	*p = '\0';
	do {
		*--p = (char)('0' + n % 10);
	} while (n /= 10);
	return p;
}

#endif
