// A server that answers each request with what the component says to which it is
// linked: of the request's path, of two numbers, and of more parameters than fit
// into a call.
#include "incoming.h"

void exports_wasi_http_incoming_handler_handle(own_request q, outparam p) {
	wasi_string_t path;
	CHECK(INCOMING(path_with_query)(lend(q), &path));
	wasi_http_types_incoming_request_drop_own(q);
	out_body b;
	own_response r = response_with(200, fields_new());

	wasi_string_t echoed;
	test_link_target_echo(&path, &echoed);
	uint32_t sum = test_link_target_add(40, 2);
	wasi_string_t first = str("first"), other = str("other");
	uint32_t numbers[300];
	for (size_t i = 0; i < LENGTH(numbers); i++) {
		numbers[i] = (uint32_t)i;
	}
	wasi_list_u32_t list = {numbers, LENGTH(numbers)};
	wasi_tuple2_string_u64_t answer;
	wasi_string_t error;
	CHECK(test_link_target_many(&first, &other, &other, &other, &other, &other, &other, &other, &list, &answer, &error));

	b = response_body(r);
	set(p, r);
	char text[1024];
	size_t n = 0;
	for (size_t i = 0; i < echoed.len && n < 900; i++) {
		text[n++] = (char)echoed.ptr[i];
	}
	const char *tail = sum == 42 && answer.f0.len == 5 && answer.f1 == 300 ? " 42 first 300" : " wrong";
	while (*tail) {
		text[n++] = *tail++;
	}
	text[n] = 0;
	write_body(b, text);
}
