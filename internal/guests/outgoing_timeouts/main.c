// Request options bound each phase of a request that the server leaves hanging.
#include "http.h"

typedef wasi_http_types_borrow_request_options_t options;

static bool try(const char *path, options o, response *r, error_code *e) {
	future f;
	wasi_http_types_own_request_options_t own = {o.__handle};
	request q = request_to("GET", path);
	if (!wasi_http_outgoing_handler_handle((wasi_http_types_own_outgoing_request_t){q.__handle}, &own, &f, e)) {
		FAIL("handle fails");
	}
	bool ok = try_await(f, r, e);
	future_drop(f);
	return ok;
}

static options options_new(void) { return wasi_http_types_borrow_request_options(wasi_http_types_constructor_request_options()); }

void test(void) {
	uint64_t soon = 50000000, late = 60000000000, zero = 0;
	error_code e;
	response r;
	options o = options_new();
	CHECK(wasi_http_types_method_request_options_set_first_byte_timeout(o, &soon));
	CHECK(!try("/hang", o, &r, &e));
	CHECK_EQ(e.tag, CODE(CONNECTION_READ_TIMEOUT));

	o = options_new();
	CHECK(wasi_http_types_method_request_options_set_connect_timeout(o, &late));
	CHECK(wasi_http_types_method_request_options_set_first_byte_timeout(o, &late));
	CHECK(wasi_http_types_method_request_options_set_between_bytes_timeout(o, &soon));
	CHECK(try("/stall", o, &r, &e));
	wasi_http_types_own_incoming_body_t body = consume(r);
	in_stream s = body_stream(body);
	wasi_list_u8_t part;
	CHECK_EQ(read_wait(s, 5, &part), OPEN);
	CHECK_BYTES(part, "first");
	CHECK_EQ(read_wait(s, 5, &part), FAILED);
	CHECK_EQ(http_code().tag, CODE(CONNECTION_READ_TIMEOUT));
	drop_in(s);
	wasi_http_types_incoming_body_drop_own(body);
	response_drop(r);

	// No time at all is not the same as no bound.
	o = options_new();
	CHECK(wasi_http_types_method_request_options_set_first_byte_timeout(o, &zero));
	CHECK(!try("/hang", o, &r, &e));
	CHECK_EQ(e.tag, CODE(CONNECTION_READ_TIMEOUT));

	// Waiting for a response with a bound of the guest's own.
	future f = handle(request_to("GET", "/hang"));
	pollable both[] = {wasi_http_types_method_future_incoming_response_subscribe(wasi_http_types_borrow_future_incoming_response(f)),
		wasi_clocks_monotonic_clock_subscribe_duration(soon)};
	wasi_io_poll_borrow_pollable_t lent[] = {wasi_io_poll_borrow_pollable(both[0]), wasi_io_poll_borrow_pollable(both[1])};
	wasi_io_poll_list_borrow_pollable_t list = {lent, 2};
	wasi_list_u32_t which;
	wasi_io_poll_poll(&list, &which);
	CHECK_EQ(which.len, 1);
	CHECK_EQ(which.ptr[0], 1);
	wasi_http_types_result_result_own_incoming_response_error_code_void_t none;
	CHECK(!wasi_http_types_method_future_incoming_response_get(wasi_http_types_borrow_future_incoming_response(f), &none));
	drop_pollable(both[0]);
	drop_pollable(both[1]);
	future_drop(f); // which ends the request
}
