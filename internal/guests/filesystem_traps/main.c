// Arguments that the Canonical ABI does not allow, one for each argument: they
// trap before anything is done.
#include "files.h"

// The bindings do not lower a case that does not exist.
__attribute__((import_module("wasi:filesystem/types@0.2.12"), import_name("[method]descriptor.set-times")))
void set_times_raw(int32_t self, int32_t a, int64_t as, int32_t an, int32_t m, int64_t ms, int32_t mn, void *result);

void test(void) {
	file root = preopen("/"), f = open(root, "f", 0, READ);
	wasi_string_t what = arg(1), path = str("f");
	code err;
	stat_t s;
	if (is(what, "path that is not UTF-8")) {
		(void)open_code(root, FOLLOW, "bad\xff", CREATE, WRITE);
	} else if (is(what, "path outside of memory")) {
		path.ptr = (uint8_t *)0xfffffff0;
		(void)METHOD(create_directory_at)(lend(root), &path, &err);
	} else if (is(what, "path that is too long")) {
		path.len = 0x7fffffff;
		(void)METHOD(create_directory_at)(lend(root), &path, &err);
	} else if (is(what, "path that ends outside of memory")) {
		path.len = 1 << 24;
		(void)METHOD(create_directory_at)(lend(root), &path, &err);
	} else if (is(what, "bytes that are too many")) {
		wasi_list_u8_t bytes = {path.ptr, 0xfffffff0};
		uint64_t n;
		(void)METHOD(write)(lend(f), &bytes, 0, &n, &err);
	} else if (is(what, "advice that does not exist")) {
		(void)advise(f, 0, 0, 6);
	} else if (is(what, "time that does not exist")) {
		set_times_raw(f.__handle, 0, 0, 0, 3, 0, 0, &err);
	} else if (is(what, "descriptor that was dropped")) {
		drop(f);
		(void)stat(f, &s);
	} else if (is(what, "descriptor dropped twice")) {
		drop(f);
		drop(f);
	} else if (is(what, "descriptor that never was")) {
		(void)stat((file){12345}, &s);
	} else if (is(what, "stream as descriptor")) {
		(void)stat((file){wasi_cli_stdout_get_stdout().__handle}, &s);
	} else {
		FAIL("no such case");
	}
}
