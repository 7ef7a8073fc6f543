// What guests share that serve requests.
#ifndef INCOMING_H
#define INCOMING_H

#include "http.h"

typedef exports_wasi_http_incoming_handler_own_incoming_request_t own_request;
typedef exports_wasi_http_incoming_handler_own_response_outparam_t outparam;
typedef wasi_http_types_own_outgoing_response_t own_response;

#define INCOMING(name) wasi_http_types_method_incoming_request_##name
#define RESPONSE(name) wasi_http_types_method_outgoing_response_##name

[[maybe_unused]] static wasi_http_types_borrow_incoming_request_t lend(own_request r) { return wasi_http_types_borrow_incoming_request(r); }

// path_of returns the path of a request, as a C string.
[[maybe_unused]] static const char *path_of(own_request r) {
	wasi_string_t path;
	CHECK(INCOMING(path_with_query)(lend(r), &path));
	return text_of(path);
}

[[maybe_unused]] static own_response response_with(uint16_t status, fields header) {
	own_response r = wasi_http_types_constructor_outgoing_response(owned(header));
	CHECK(RESPONSE(set_status_code)(wasi_http_types_borrow_outgoing_response(r), status));
	return r;
}

[[maybe_unused]] static out_body response_body(own_response r) {
	out_body b;
	CHECK(RESPONSE(body)(wasi_http_types_borrow_outgoing_response(r), &b));
	return b;
}

[[maybe_unused]] static void set(outparam p, own_response r) {
	wasi_http_types_result_own_outgoing_response_error_code_t result = {.val.ok = r};
	wasi_http_types_static_response_outparam_set(p, &result);
}

[[maybe_unused]] static void set_error(outparam p, error_code e) {
	wasi_http_types_result_own_outgoing_response_error_code_t result = {.is_err = true, .val.err = e};
	wasi_http_types_static_response_outparam_set(p, &result);
}

// reply answers with a text.
[[maybe_unused]] static void reply(outparam p, uint16_t status, const char *text) {
	own_response r = response_with(status, fields_new());
	out_body b = response_body(r);
	set(p, r);
	write_body(b, text);
}

#endif
