// What a guest is written with: the bindings of its world, and checks. A check
// that fails says so on standard error and ends the guest with exit code 1.
//
// A command defines test, which is all that it has to do:
//
//	#include "guest.h"
//
//	void test(void) { CHECK_EQ(1 + 1, 2); }
//
// A guest named incoming_… defines exports_wasi_http_incoming_handler_handle
// instead.
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wasi.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

// print writes a text to standard error.
static inline void print(const char *text) {
	wasi_io_streams_own_output_stream_t err = wasi_cli_stderr_get_stderr();
	size_t left = strlen(text);
	while (left > 0) {
		wasi_list_u8_t part = {(uint8_t *)text, left < 4096 ? left : 4096};
		wasi_io_streams_stream_error_t failed;
		if (!wasi_io_streams_method_output_stream_blocking_write_and_flush(
				wasi_io_streams_borrow_output_stream(err), &part, &failed)) {
			break;
		}
		text += part.len;
		left -= part.len;
	}
	wasi_io_streams_output_stream_drop_own(err);
}

// print_number writes a number to standard error.
static inline void print_number(int64_t n) {
	char text[24], *p = text + sizeof text;
	uint64_t rest = n < 0 ? -(uint64_t)n : (uint64_t)n;
	*--p = '\0';
	do {
		*--p = (char)('0' + rest % 10);
	} while (rest /= 10);
	if (n < 0) {
		*--p = '-';
	}
	print(p);
}

// fail_at begins the line of a check that failed.
static inline void fail_at(const char *file, int line) {
	print(file);
	print(":");
	print_number(line);
	print(": ");
}

// fail_end ends it, and the guest.
static inline _Noreturn void fail_end(void) {
	print("\n");
	wasi_cli_exit_result_void_void_t failed = {.is_err = true};
	wasi_cli_exit_exit(&failed);
	__builtin_unreachable();
}

static inline void check_eq(const char *file, int line, const char *text, int64_t got, int64_t want) {
	if (got != want) {
		fail_at(file, line);
		print(text);
		print(" is ");
		print_number(got);
		print(", want ");
		print_number(want);
		fail_end();
	}
}

// FAIL ends the guest with a text.
#define FAIL(text) (fail_at(__FILE__, __LINE__), print(text), fail_end())

// CHECK ends the guest unless a condition holds.
#define CHECK(condition) ((condition) ? (void)0 : FAIL("not true: " #condition))

// CHECK_EQ ends the guest unless two numbers are equal.
#define CHECK_EQ(got, want) check_eq(__FILE__, __LINE__, #got, (int64_t)(got), (int64_t)(want))

// CHECK_STR ends the guest unless a string of WIT has a text.
#define CHECK_STR(got, want) check_str(__FILE__, __LINE__, #got, (got), (want))

// str makes a string of WIT, which shares the text.
static inline wasi_string_t str(const char *text) {
	return (wasi_string_t){(uint8_t *)text, strlen(text)};
}

// is says whether a string of WIT has a text.
static inline bool is(wasi_string_t s, const char *text) {
	return s.len == strlen(text) && memcmp(s.ptr, text, s.len) == 0;
}

// text_of makes a C string of a string of WIT.
static inline const char *text_of(wasi_string_t s) {
	char *text = malloc(s.len + 1);
	memcpy(text, s.ptr, s.len);
	text[s.len] = '\0';
	return text;
}

static inline void check_str(const char *file, int line, const char *text, wasi_string_t got, const char *want) {
	if (!is(got, want)) {
		fail_at(file, line);
		print(text);
		print(" is \"");
		print(text_of(got));
		print("\", want \"");
		print(want);
		print("\"");
		fail_end();
	}
}

// arg returns an argument; 0 is the name of the guest.
static inline wasi_string_t arg(size_t i) {
	wasi_list_string_t args;
	wasi_cli_environment_get_arguments(&args);
	CHECK(i < args.len);
	return args.ptr[i];
}

// A command that defines OWN_RUN defines exports_wasi_cli_run_run itself.
#if defined(COMMAND) && !defined(OWN_RUN)
void test(void);

bool exports_wasi_cli_run_run(void) {
	test();
	return true;
}
#endif

#endif
