// The parts of a request: what they are at first, and what they cannot be.
#include "http.h"

void test(void) {
	request r = wasi_http_types_borrow_outgoing_request(wasi_http_types_constructor_outgoing_request(owned(fields_new())));
	wasi_http_types_method_t m;
	wasi_http_types_scheme_t s;
	wasi_string_t text;
	REQUEST(method)(r, &m);
	CHECK_EQ(m.tag, WASI_HTTP_TYPES_METHOD_GET);
	CHECK(!REQUEST(path_with_query)(r, &text));
	CHECK(!REQUEST(scheme)(r, &s));
	CHECK(!REQUEST(authority)(r, &text));

	static const char *methods[] = {"HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "GET"};
	for (size_t i = 0; i < LENGTH(methods); i++) {
		CHECK(try_method(r, methods[i]));
		REQUEST(method)(r, &m);
		CHECK_EQ(m.tag, method_of(methods[i]).tag);
	}
	CHECK(try_method(r, "Brew-1"));
	static const char *no_methods[] = {"", "A B", "A\n", "\xc3\xa9", "A/B", "A:"};
	for (size_t i = 0; i < LENGTH(no_methods); i++) {
		CHECK(!try_method(r, no_methods[i]));
	}
	REQUEST(method)(r, &m);
	CHECK_EQ(m.tag, WASI_HTTP_TYPES_METHOD_OTHER);
	CHECK_STR(m.val.other, "Brew-1"); // a setter that fails changes nothing

	static const char *paths[] = {"/", "/a/b?c=d&e=%20f", "/a%2Fb", "?only=query", "", "/*;v=1,2:@!$'()"};
	for (size_t i = 0; i < LENGTH(paths); i++) {
		CHECK(try_path(r, paths[i]));
		CHECK(REQUEST(path_with_query)(r, &text));
		CHECK(is(text, paths[i]));
	}
	static const char *no_paths[] = {"a", "http://x/", "/a b", "/a\n", "/#f", "/\xc3\xa9", "/%zz", "/\x7f"};
	for (size_t i = 0; i < LENGTH(no_paths); i++) {
		CHECK(!try_path(r, no_paths[i]));
	}
	CHECK(REQUEST(set_path_with_query)(r, NULL));
	CHECK(!REQUEST(path_with_query)(r, &text));

	for (uint8_t tag = WASI_HTTP_TYPES_SCHEME_HTTP; tag <= WASI_HTTP_TYPES_SCHEME_OTHER; tag++) {
		s = (wasi_http_types_scheme_t){.tag = tag, .val.other = str("git+ssh")};
		CHECK(REQUEST(set_scheme)(r, &s));
		CHECK(REQUEST(scheme)(r, &s));
		CHECK_EQ(s.tag, tag);
	}
	CHECK_STR(s.val.other, "git+ssh");
	static const char *no_schemes[] = {"", "1a", "a b", "a:", "\xc3\xa9", "a/"};
	for (size_t i = 0; i < LENGTH(no_schemes); i++) {
		s = (wasi_http_types_scheme_t){.tag = WASI_HTTP_TYPES_SCHEME_OTHER, .val.other = str(no_schemes[i])};
		CHECK(!REQUEST(set_scheme)(r, &s));
	}
	CHECK(REQUEST(set_scheme)(r, NULL));
	CHECK(!REQUEST(scheme)(r, &s));

	static const char *authorities[] = {"example.com", "example.com:8080", "127.0.0.1:80", "[::1]:80", "[::1]", "EXAMPLE.com."};
	for (size_t i = 0; i < LENGTH(authorities); i++) {
		CHECK(try_authority(r, authorities[i]));
		CHECK(REQUEST(authority)(r, &text));
		CHECK(is(text, authorities[i]));
	}
	static const char *no_authorities[] = {"", ":80", "a/b", "a b", "a:b", "[::1", "a?b", "a#b", "a\n", "http://a"};
	for (size_t i = 0; i < LENGTH(no_authorities); i++) {
		CHECK(!try_authority(r, no_authorities[i]));
	}
	CHECK(REQUEST(set_authority)(r, NULL));
	CHECK(!REQUEST(authority)(r, &text));

	// The body is given out once, and written once.
	out_body b, again;
	CHECK(REQUEST(body)(r, &b));
	CHECK(!REQUEST(body)(r, &again));
	out_stream w = write_stream(b), none;
	CHECK(!wasi_http_types_method_outgoing_body_write(wasi_http_types_borrow_outgoing_body(b), &none));
	drop_out(w);
	CHECK(!wasi_http_types_method_outgoing_body_write(wasi_http_types_borrow_outgoing_body(b), &none));
	finish(b);
	request_drop(r);

	// Options.
	wasi_http_types_own_request_options_t own = wasi_http_types_constructor_request_options();
	wasi_http_types_borrow_request_options_t o = wasi_http_types_borrow_request_options(own);
	uint64_t got, d = 5000000000;
	CHECK(!wasi_http_types_method_request_options_connect_timeout(o, &got));
	CHECK(!wasi_http_types_method_request_options_first_byte_timeout(o, &got));
	CHECK(!wasi_http_types_method_request_options_between_bytes_timeout(o, &got));
	CHECK(wasi_http_types_method_request_options_set_connect_timeout(o, &d));
	CHECK(wasi_http_types_method_request_options_connect_timeout(o, &got));
	CHECK_EQ(got, d++);
	CHECK(wasi_http_types_method_request_options_set_first_byte_timeout(o, &d));
	CHECK(wasi_http_types_method_request_options_first_byte_timeout(o, &got));
	CHECK_EQ(got, d++);
	CHECK(wasi_http_types_method_request_options_set_between_bytes_timeout(o, &d));
	CHECK(wasi_http_types_method_request_options_between_bytes_timeout(o, &got));
	CHECK_EQ(got, d);
	CHECK(wasi_http_types_method_request_options_set_connect_timeout(o, NULL));
	CHECK(!wasi_http_types_method_request_options_connect_timeout(o, &got));
	wasi_http_types_request_options_drop_own(own);
}
