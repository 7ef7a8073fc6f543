// Requests of each method arrive with their header and body, and so do responses.
#include "http.h"

void test(void) {
	static const char *methods[] = {"GET", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "BREW"};
	for (size_t i = 0; i < LENGTH(methods); i++) {
		fields header = fields_new();
		append(header, "X-Method", methods[i]);
		append(header, "x-many", "1");
		append(header, "X-Many", "2");
		request r = request_with(methods[i], "/echo?q=%20a", header);
		bool with_body = !is(str(methods[i]), "GET") && !is(str(methods[i]), "TRACE");
		out_body b;
		if (with_body) {
			b = request_body(r);
		}
		future f = handle(r);
		if (with_body) {
			write_body(b, methods[i]);
		}
		response got = await(f);

		// A response is given out once.
		wasi_http_types_result_result_own_incoming_response_error_code_void_t twice;
		CHECK(wasi_http_types_method_future_incoming_response_get(wasi_http_types_borrow_future_incoming_response(f), &twice));
		CHECK(twice.is_err);
		future_drop(f);
		CHECK_EQ(status(got), 299);
		CHECK(response_has(got, "x-method", methods[i]));
		CHECK(response_has(got, "X-Path", "/echo?q=%20a"));
		CHECK(response_has(got, "x-many", "1, 2"));
		CHECK(response_has(got, "x-body", with_body ? methods[i] : ""));
		fields h = wasi_http_types_borrow_fields(wasi_http_types_method_incoming_response_headers(got));
		CHECK_EQ(count(h, "x-twice"), 2);
		CHECK_EQ(count(h, "connection"), 0); // the connection is the host's
		FIELDS_FAIL(try_append(h, "x", "y"), IMMUTABLE);
		fields_drop(h);
		CHECK_BYTES(body_of(got), "body of the response");
	}

	// HEAD has a header only.
	future f = handle(request_to("HEAD", "/echo"));
	response got = await(f);
	future_drop(f);
	CHECK_EQ(status(got), 299);
	CHECK(response_has(got, "x-method", ""));
	CHECK_BYTES(body_of(got), "");

	// Redirects are the guest's affair.
	f = handle(request_to("GET", "/redirect"));
	got = await(f);
	future_drop(f);
	CHECK_EQ(status(got), 307);
	CHECK(response_has(got, "location", "/echo"));
	wasi_http_types_own_incoming_body_t body = consume(got), none;
	CHECK(!wasi_http_types_method_incoming_response_consume(got, &none));
	in_stream s = body_stream(body), again;
	CHECK(!wasi_http_types_method_incoming_body_stream(wasi_http_types_borrow_incoming_body(body), &again));
	drop_in(s);
	CHECK(!wasi_http_types_method_incoming_body_stream(wasi_http_types_borrow_incoming_body(body), &again));
	wasi_http_types_incoming_body_drop_own(body);
	response_drop(got);

	// What nobody waits for is dropped.
	future_drop(handle(request_to("GET", "/echo")));
	request_drop(request_to("GET", "/echo"));
}
