// A long body goes out while the response comes in: the server sends back each
// part as it comes.
#include "http.h"

enum { SIZE = 1 << 20, PART = 4096 };

static uint8_t byte_at(size_t i) { return (uint8_t)(i * 7 + i / 251); }

void test(void) {
	request r = request_to("POST", "/back");
	out_body b = request_body(r);
	future f = handle(r);
	out_stream out = write_stream(b);
	uint8_t part[PART];
	for (size_t i = 0; i < PART; i++) {
		part[i] = byte_at(i);
	}
	CHECK_EQ(write_flush_bytes(out, part, PART), OPEN);
	response got = await(f); // before the body has ended
	future_drop(f);
	wasi_http_types_own_incoming_body_t body = consume(got);
	in_stream in = body_stream(body);

	size_t sent = PART, received = 0;
	bool open = true;
	while (received < SIZE) {
		uint64_t n;
		if (open && sent == SIZE) {
			CHECK_EQ(flush_now(out), OPEN);
			drop_out(out);
			finish(b);
			open = false;
		}
		if (open) {
			CHECK_EQ(check_write(out, &n), OPEN);
			if (n > SIZE - sent) {
				n = SIZE - sent;
			}
			if (n > PART) {
				n = PART;
			}
			for (size_t i = 0; i < n; i++) {
				part[i] = byte_at(sent + i);
			}
			CHECK_EQ(write_bytes(out, part, n), OPEN);
			sent += n;
		}
		wasi_list_u8_t back;
		CHECK_EQ(read_now(in, PART, &back), OPEN);
		for (size_t i = 0; i < back.len; i++) {
			CHECK_EQ(back.ptr[i], byte_at(received + i));
		}
		received += back.len;
		if (back.len > 0) {
			free(back.ptr);
			continue;
		}
		pollable p[] = {subscribe_in(in), {0}};
		wasi_io_poll_borrow_pollable_t lent[2] = {wasi_io_poll_borrow_pollable(p[0])};
		size_t waits = 1;
		if (open) {
			p[1] = subscribe_out(out);
			lent[waits++] = wasi_io_poll_borrow_pollable(p[1]);
		}
		wasi_io_poll_list_borrow_pollable_t list = {lent, waits};
		wasi_list_u32_t which;
		wasi_io_poll_poll(&list, &which);
		CHECK(which.len > 0);
		free(which.ptr);
		for (size_t i = 0; i < waits; i++) {
			drop_pollable(p[i]);
		}
	}
	wasi_list_u8_t rest;
	CHECK_EQ(read_wait(in, 1, &rest), CLOSED);
	drop_in(in);
	wasi_http_types_incoming_body_drop_own(body);
	response_drop(got);
}
