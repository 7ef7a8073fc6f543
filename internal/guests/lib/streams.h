// Calls of wasi:io/streams in few words: those that can fail return OPEN, CLOSED
// or FAILED.
#ifndef STREAMS_H
#define STREAMS_H

#include "guest.h"

enum { OPEN = -1, CLOSED = WASI_IO_STREAMS_STREAM_ERROR_CLOSED, FAILED = WASI_IO_STREAMS_STREAM_ERROR_LAST_OPERATION_FAILED };

typedef wasi_io_streams_own_input_stream_t in_stream;
typedef wasi_io_streams_own_output_stream_t out_stream;
typedef wasi_io_poll_own_pollable_t pollable;

// failure is the error of the last operation that failed.
static wasi_io_streams_own_error_t failure;

static inline int stream_error(wasi_io_streams_stream_error_t *e) {
	if (e->tag == FAILED) {
		failure = e->val.last_operation_failed;
	}
	return e->tag;
}

#define STREAM_RESULT(call) \
	wasi_io_streams_stream_error_t err; \
	return (call) ? OPEN : stream_error(&err)

#define INPUT(name) wasi_io_streams_method_input_stream_##name
#define OUTPUT(name) wasi_io_streams_method_output_stream_##name

static inline wasi_io_streams_borrow_input_stream_t lend_in(in_stream s) { return wasi_io_streams_borrow_input_stream(s); }

static inline wasi_io_streams_borrow_output_stream_t lend_out(out_stream s) { return wasi_io_streams_borrow_output_stream(s); }

static inline int read_now(in_stream s, uint64_t n, wasi_list_u8_t *got) { STREAM_RESULT(INPUT(read)(lend_in(s), n, got, &err)); }

static inline int read_wait(in_stream s, uint64_t n, wasi_list_u8_t *got) { STREAM_RESULT(INPUT(blocking_read)(lend_in(s), n, got, &err)); }

static inline int skip_now(in_stream s, uint64_t n, uint64_t *got) { STREAM_RESULT(INPUT(skip)(lend_in(s), n, got, &err)); }

static inline int skip_wait(in_stream s, uint64_t n, uint64_t *got) { STREAM_RESULT(INPUT(blocking_skip)(lend_in(s), n, got, &err)); }

static inline pollable subscribe_in(in_stream s) { return INPUT(subscribe)(lend_in(s)); }

static inline void drop_in(in_stream s) { wasi_io_streams_input_stream_drop_own(s); }

static inline int check_write(out_stream s, uint64_t *permit) { STREAM_RESULT(OUTPUT(check_write)(lend_out(s), permit, &err)); }

static inline int write_bytes(out_stream s, const void *bytes, size_t n) {
	wasi_list_u8_t list = {(uint8_t *)bytes, n};
	STREAM_RESULT(OUTPUT(write)(lend_out(s), &list, &err));
}

static inline int write_text(out_stream s, const char *text) { return write_bytes(s, text, strlen(text)); }

static inline int write_flush_bytes(out_stream s, const void *bytes, size_t n) {
	wasi_list_u8_t list = {(uint8_t *)bytes, n};
	STREAM_RESULT(OUTPUT(blocking_write_and_flush)(lend_out(s), &list, &err));
}

static inline int write_flush(out_stream s, const char *text) { return write_flush_bytes(s, text, strlen(text)); }

static inline int flush_now(out_stream s) { STREAM_RESULT(OUTPUT(flush)(lend_out(s), &err)); }

static inline int flush_wait(out_stream s) { STREAM_RESULT(OUTPUT(blocking_flush)(lend_out(s), &err)); }

static inline int zeroes_now(out_stream s, uint64_t n) { STREAM_RESULT(OUTPUT(write_zeroes)(lend_out(s), n, &err)); }

static inline int zeroes_flush(out_stream s, uint64_t n) { STREAM_RESULT(OUTPUT(blocking_write_zeroes_and_flush)(lend_out(s), n, &err)); }

static inline int splice_now(out_stream to, in_stream from, uint64_t n, uint64_t *moved) {
	STREAM_RESULT(OUTPUT(splice)(lend_out(to), lend_in(from), n, moved, &err));
}

static inline int splice_wait(out_stream to, in_stream from, uint64_t n, uint64_t *moved) {
	STREAM_RESULT(OUTPUT(blocking_splice)(lend_out(to), lend_in(from), n, moved, &err));
}

static inline pollable subscribe_out(out_stream s) { return OUTPUT(subscribe)(lend_out(s)); }

static inline void drop_out(out_stream s) { wasi_io_streams_output_stream_drop_own(s); }

static inline bool ready(pollable p) { return wasi_io_poll_method_pollable_ready(wasi_io_poll_borrow_pollable(p)); }

static inline void block(pollable p) { wasi_io_poll_method_pollable_block(wasi_io_poll_borrow_pollable(p)); }

static inline void drop_pollable(pollable p) { wasi_io_poll_pollable_drop_own(p); }

// CHECK_BYTES ends the guest unless a list of bytes is a text.
#define CHECK_BYTES(list, text) CHECK_STR(string_of(list), text)

static inline wasi_string_t string_of(wasi_list_u8_t bytes) { return (wasi_string_t){bytes.ptr, bytes.len}; }

// read_all reads a stream to its end.
static inline wasi_list_u8_t read_all(in_stream s) {
	wasi_list_u8_t all = {NULL, 0}, part;
	int c;
	while ((c = read_wait(s, 1 << 20, &part)) == OPEN) {
		CHECK(part.len > 0);
		all.ptr = realloc(all.ptr, all.len + part.len);
		memcpy(all.ptr + all.len, part.ptr, part.len);
		all.len += part.len;
	}
	CHECK_EQ(c, CLOSED);
	return all;
}

#endif
