// A guest that uses stores: see world.wit.

#include <stdlib.h>
#include <string.h>

#include "guest.h"

typedef guest_string_t string;
typedef guest_list_u8_t bytes;

static string text(const char *s) { return (string){(uint8_t *)s, strlen(s)}; }

static bool same(string a, const char *b) { return a.len == strlen(b) && memcmp(a.ptr, b, a.len) == 0; }

static bool is(bytes a, const char *b) { return same((string){a.ptr, a.len}, b); }

static string copy(string s) {
	string c = {malloc(s.len + 1), s.len};
	memcpy(c.ptr, s.ptr, s.len);
	return c;
}

// fault is "line N" and, behind a colon, what the host said.
static string fault(int line, string said) {
	string s = {malloc(32 + said.len), 0};
	char digits[12];
	int n = 0;
	for (; line > 0; line /= 10) {
		digits[n++] = (char)('0' + line % 10);
	}
	memcpy(s.ptr, "line ", 5);
	s.len = 5;
	while (n > 0) {
		s.ptr[s.len++] = (uint8_t)digits[--n];
	}
	if (said.len > 0) {
		memcpy(s.ptr + s.len, ": ", 2);
		memcpy(s.ptr + s.len + 2, said.ptr, said.len);
		s.len += 2 + said.len;
	}
	return s;
}

#define CHECK(condition)                            \
	do {                                            \
		if (!(condition)) {                         \
			*err = fault(__LINE__, (string){0, 0}); \
			return false;                           \
		}                                           \
	} while (0)

// words are those for an error of a store.
#define WORDS(e) ((e).tag == 0 ? text("no-such-store") : (e).tag == 1 ? text("access-denied") : (e).val.other)

#define OK(call)                                 \
	do {                                         \
		if (!(call)) {                           \
			*err = fault(__LINE__, WORDS(fail)); \
			return false;                        \
		}                                        \
	} while (0)

#define NEW(name) wasi_keyvalue_0_2_0_draft2_##name
#define OLD(name) wasi_keyvalue_0_2_0_draft_##name

// Everything of wasi:keyvalue/store and batch, which are the same in both versions but for
// cursors: LAST is what follows a page. A key may be listed twice.
#define STORE(V, LAST)                                                                              \
	static bool V##count(V(store_borrow_bucket_t) b, size_t least, size_t most, string *err) {      \
		V(store_error_t) fail;                                                                      \
		V(store_key_response_t) page;                                                               \
		OK(V(store_method_bucket_list_keys)(b, NULL, &page, &fail));                                \
		size_t n = page.keys.len;                                                                   \
		for (int pages = 0; page.cursor.is_some; n += page.keys.len) {                              \
			CHECK(++pages < 1000);                                                                  \
			LAST cursor = page.cursor.val;                                                          \
			OK(V(store_method_bucket_list_keys)(b, &cursor, &page, &fail));                         \
		}                                                                                           \
		CHECK(n >= least && n <= most);                                                             \
		return true;                                                                                \
	}                                                                                               \
	static bool V##store(V(store_borrow_bucket_t) b, string *err) {                                 \
		V(store_error_t) fail;                                                                      \
		guest_option_list_u8_t got;                                                                 \
		bool exists;                                                                                \
		string key = text("a.b key"), other = text("a"), none = text("none");                       \
		bytes value = {(uint8_t *)"value", 5}, empty = {(uint8_t *)1, 0};                           \
		OK(V(store_method_bucket_get)(b, &key, &got, &fail));                                       \
		CHECK(!got.is_some);                                                                        \
		OK(V(store_method_bucket_delete)(b, &key, &fail));                                          \
		OK(V(store_method_bucket_set)(b, &key, &value, &fail));                                     \
		OK(V(store_method_bucket_set)(b, &other, &empty, &fail));                                   \
		OK(V(store_method_bucket_get)(b, &key, &got, &fail));                                       \
		CHECK(got.is_some && is(got.val, "value"));                                                 \
		OK(V(store_method_bucket_get)(b, &other, &got, &fail));                                     \
		CHECK(got.is_some && got.val.len == 0);                                                     \
		OK(V(store_method_bucket_exists)(b, &key, &exists, &fail));                                 \
		CHECK(exists);                                                                              \
		OK(V(store_method_bucket_exists)(b, &none, &exists, &fail));                                \
		CHECK(!exists);                                                                             \
		if (!V##count(b, 2, 4, err)) {                                                              \
			return false;                                                                           \
		}                                                                                           \
		guest_tuple2_string_list_u8_t pairs[] = {{text("1"), value}, {text("2"), empty}};           \
		guest_list_tuple2_string_list_u8_t all = {pairs, 2};                                        \
		OK(V(batch_set_many)(b, &all, &fail));                                                      \
		string keys[] = {text("1"), none, text("2"), key};                                          \
		guest_list_string_t four = {keys, 4};                                                       \
		guest_list_option_tuple2_string_list_u8_t many;                                             \
		OK(V(batch_get_many)(b, &four, &many, &fail));                                              \
		CHECK(many.len == 4 && !many.ptr[1].is_some);                                               \
		CHECK(many.ptr[0].is_some && same(many.ptr[0].val.f0, "1"));                                \
		CHECK(is(many.ptr[0].val.f1, "value") && many.ptr[2].val.f1.len == 0);                      \
		CHECK(many.ptr[3].is_some && same(many.ptr[3].val.f0, "a.b key"));                          \
		OK(V(batch_delete_many)(b, &four, &fail));                                                  \
		OK(V(store_method_bucket_delete)(b, &other, &fail));                                        \
		for (int i = 0; i < 1100; i += 100) {                                                       \
			guest_tuple2_string_list_u8_t hundred[100];                                             \
			for (int j = 0; j < 100; j++) {                                                         \
				char *name = malloc(8);                                                             \
				for (int k = 0, n = i + j; k < 4; k++, n /= 10) {                                   \
					name[k] = (char)('0' + n % 10);                                                 \
				}                                                                                   \
				hundred[j] = (guest_tuple2_string_list_u8_t){{(uint8_t *)name, 4}, empty};          \
			}                                                                                       \
			guest_list_tuple2_string_list_u8_t part = {hundred, 100};                               \
			OK(V(batch_set_many)(b, &part, &fail));                                                 \
		}                                                                                           \
		return V##count(b, 1100, 2000, err);                                                        \
	}

STORE(NEW, string)
STORE(OLD, uint64_t)

static bool atomics(NEW(store_borrow_bucket_t) b, string *err) {
	NEW(store_error_t) fail;
	int64_t sum;
	string key = text("counter"), swapped = text("swapped");
	OK(NEW(atomics_increment)(b, &key, 40, &sum, &fail));
	CHECK(sum == 40);
	OK(NEW(atomics_increment)(b, &key, -42, &sum, &fail));
	CHECK(sum == -2);
	CHECK(!NEW(atomics_increment)(b, &key, INT64_MIN, &sum, &fail) && fail.tag == 2);

	guest_option_list_u8_t now;
	NEW(atomics_own_cas_t) first, second;
	OK(NEW(atomics_static_cas_new)(b, &swapped, &first, &fail));
	OK(NEW(atomics_static_cas_new)(b, &swapped, &second, &fail));
	OK(NEW(atomics_method_cas_current)(NEW(atomics_borrow_cas)(first), &now, &fail));
	CHECK(!now.is_some);
	NEW(atomics_cas_error_t) lost;
	bytes one = {(uint8_t *)"1", 1}, two = {(uint8_t *)"2", 1};
	CHECK(NEW(atomics_swap)(first, &one, &lost));
	CHECK(!NEW(atomics_swap)(second, &two, &lost));
	CHECK(lost.tag == 1); // cas-failed, with the next try
	OK(NEW(atomics_method_cas_current)(NEW(atomics_borrow_cas)(lost.val.cas_failed), &now, &fail));
	CHECK(now.is_some && is(now.val, "1"));
	CHECK(NEW(atomics_swap)(lost.val.cas_failed, &two, &lost));
	OK(NEW(store_method_bucket_get)(b, &swapped, &now, &fail));
	CHECK(now.is_some && is(now.val, "2"));
	string bad = text("00x");
	NEW(store_key_response_t) page;
	CHECK(!NEW(store_method_bucket_list_keys)(b, &bad, &page, &fail) && fail.tag == 2);
	return true;
}

bool exports_guest_keyvalue(string *identifier, string *err) {
	NEW(store_error_t) fail;
	NEW(store_own_bucket_t) b, nothing;
	string unknown = text("bucket.other");
	CHECK(!NEW(store_open)(&unknown, &nothing, &fail) && fail.tag == 0);
	OK(NEW(store_open)(identifier, &b, &fail));
	bool ok = NEWstore(NEW(store_borrow_bucket)(b), err) && atomics(NEW(store_borrow_bucket)(b), err);
	NEW(store_bucket_drop_own)(b);
	return ok;
}

bool exports_guest_keyvalue_draft(string *identifier, string *err) {
	OLD(store_error_t) fail;
	OLD(store_own_bucket_t) b, nothing;
	string unknown = text("bucket.other"), key = text("counter");
	CHECK(!OLD(store_open)(&unknown, &nothing, &fail) && fail.tag == 0);
	OK(OLD(store_open)(identifier, &b, &fail));
	uint64_t sum;
	if (!OLDstore(OLD(store_borrow_bucket)(b), err)) {
		return false;
	}
	OK(OLD(atomics_increment)(OLD(store_borrow_bucket)(b), &key, 5, &sum, &fail));
	CHECK(sum == 5);
	CHECK(!OLD(atomics_increment)(OLD(store_borrow_bucket)(b), &key, UINT64_MAX, &sum, &fail) && fail.tag == 2);
	OLD(store_bucket_drop_own)(b);
	return true;
}

static NEW(store_borrow_bucket_t) bucket(void) {
	static NEW(store_own_bucket_t) b;
	NEW(store_error_t) fail;
	string any = text("");
	if (b.__handle == 0 && !NEW(store_open)(&any, &b, &fail)) {
		abort();
	}
	return NEW(store_borrow_bucket)(b);
}

uint32_t exports_guest_set(string *key, uint32_t size, uint32_t times) {
	NEW(store_error_t) fail;
	bytes value = {malloc(size + 1), size};
	memset(value.ptr, 'v', size);
	uint32_t failed = 0;
	for (uint32_t i = 0; i < times; i++) {
		failed += !NEW(store_method_bucket_set)(bucket(), key, &value, &fail);
	}
	free(value.ptr);
	return failed;
}

uint32_t exports_guest_get(string *key, uint32_t times) {
	NEW(store_error_t) fail;
	uint32_t failed = 0;
	for (uint32_t i = 0; i < times; i++) {
		guest_option_list_u8_t got;
		if (NEW(store_method_bucket_get)(bucket(), key, &got, &fail) && got.is_some) {
			free(got.val.ptr);
		} else {
			failed++;
		}
	}
	return failed;
}

bool exports_guest_fail(string *identifier, string *key, string *ret, string *err) {
	NEW(store_error_t) fail;
	NEW(store_own_bucket_t) b;
	guest_option_list_u8_t got;
	if (!NEW(store_open)(identifier, &b, &fail)) {
		*err = copy(WORDS(fail));
		return false;
	}
	if (!NEW(store_method_bucket_get)(NEW(store_borrow_bucket)(b), key, &got, &fail)) {
		*err = copy(WORDS(fail));
		return false;
	}
	*ret = copy(got.is_some ? (string){got.val.ptr, got.val.len} : text("none"));
	return true;
}

void exports_guest_hoard(string *key, string *ret) {
	NEW(store_error_t) fail;
	NEW(atomics_own_cas_t) cas;
	while (NEW(atomics_static_cas_new)(bucket(), key, &cas, &fail)) {
	}
	*ret = copy(WORDS(fail));
}

#define BLOB(name) wasi_blobstore_##name

// FINE is OK for what says a text when it fails.
#define FINE(call)                         \
	do {                                   \
		if (!(call)) {                     \
			*err = fault(__LINE__, said); \
			return false;                  \
		}                                  \
	} while (0)

static const uint64_t END = UINT64_MAX;

// put writes an object, and gives it to the container before or after its bytes.
static bool put(BLOB(container_borrow_container_t) c, string name, uint64_t size, bool first, string *err) {
	string said = {0, 0};
	BLOB(types_own_outgoing_value_t) v = BLOB(types_static_outgoing_value_new_outgoing_value)();
	BLOB(types_borrow_outgoing_value_t) value = BLOB(types_borrow_outgoing_value)(v);
	BLOB(types_own_output_stream_t) out, none;
	CHECK(BLOB(types_method_outgoing_value_outgoing_value_write_body)(value, &out));
	CHECK(!BLOB(types_method_outgoing_value_outgoing_value_write_body)(value, &none));
	if (first) {
		FINE(BLOB(container_method_container_write_data)(c, &name, value, &said));
	}
	static uint8_t chunk[4096];
	for (uint64_t n = 0; n < size;) {
		size_t k = size - n < sizeof chunk ? (size_t)(size - n) : sizeof chunk;
		for (size_t i = 0; i < k; i++) {
			chunk[i] = (uint8_t)((n + i) * 31 >> 3);
		}
		bytes part = {chunk, k};
		wasi_io_streams_stream_error_t fail;
		if (!wasi_io_streams_method_output_stream_blocking_write_and_flush(wasi_io_streams_borrow_output_stream(out), &part, &fail)) {
			said = text("closed");
			if (fail.tag == 0) {
				wasi_io_error_method_error_to_debug_string(wasi_io_error_borrow_error(fail.val.last_operation_failed), &said);
			}
			FINE(false);
		}
		n += k;
	}
	wasi_io_streams_output_stream_drop_own(out);
	if (!first) {
		FINE(BLOB(container_method_container_write_data)(c, &name, value, &said));
	}
	FINE(BLOB(types_static_outgoing_value_finish)(v, &said));
	return true;
}

// stream reads an object to its end.
static bool stream(BLOB(container_borrow_container_t) c, string name, uint64_t from, uint64_t to, uint64_t *size, string *err) {
	string said = {0, 0};
	BLOB(container_own_incoming_value_t) v;
	FINE(BLOB(container_method_container_get_data)(c, &name, from, to, &v, &said));
	uint64_t expected = BLOB(types_method_incoming_value_size)(BLOB(types_borrow_incoming_value)(v));
	BLOB(types_own_incoming_value_async_body_t) in;
	FINE(BLOB(types_static_incoming_value_incoming_value_consume_async)(v, &in, &said));
	for (*size = 0;;) {
		bytes got;
		wasi_io_streams_stream_error_t fail;
		if (!wasi_io_streams_method_input_stream_blocking_read(wasi_io_streams_borrow_input_stream(in), 1 << 20, &got, &fail)) {
			if (fail.tag == 0) {
				wasi_io_error_method_error_to_debug_string(wasi_io_error_borrow_error(fail.val.last_operation_failed), &said);
				FINE(false);
			}
			break;
		}
		for (size_t i = 0; i < got.len; i++) {
			CHECK(got.ptr[i] == (uint8_t)((from + *size + i) * 31 >> 3));
		}
		*size += got.len;
		free(got.ptr);
	}
	wasi_io_streams_input_stream_drop_own(in);
	CHECK(*size == expected);
	return true;
}

// names counts the objects of a container.
static bool names(BLOB(container_borrow_container_t) c, size_t want, string *err) {
	string said = {0, 0};
	BLOB(container_own_stream_object_names_t) s;
	FINE(BLOB(container_method_container_list_objects)(c, &s, &said));
	size_t n = 0;
	for (bool end = false; !end;) {
		BLOB(container_tuple2_list_object_name_bool_t) some;
		FINE(BLOB(container_method_stream_object_names_read_stream_object_names)(BLOB(container_borrow_stream_object_names)(s), 2, &some, &said));
		CHECK(some.f0.len <= 2);
		n += some.f0.len;
		end = some.f1;
	}
	BLOB(container_stream_object_names_drop_own)(s);
	CHECK(n == want);
	FINE(BLOB(container_method_container_list_objects)(c, &s, &said));
	guest_tuple2_u64_bool_t skipped;
	FINE(BLOB(container_method_stream_object_names_skip_stream_object_names)(BLOB(container_borrow_stream_object_names)(s), END, &skipped, &said));
	CHECK(skipped.f0 == want && skipped.f1);
	BLOB(container_stream_object_names_drop_own)(s);
	return true;
}

static bool has(BLOB(container_borrow_container_t) c, const char *name, bool want, string *err) {
	string said = {0, 0}, s = text(name);
	bool there;
	FINE(BLOB(container_method_container_has_object)(c, &s, &there, &said));
	CHECK(there == want);
	return true;
}

static bool objects(BLOB(container_borrow_container_t) c, string container, string *err) {
	string said = {0, 0}, name, a = text("a/b.txt"), none = text("none");
	FINE(BLOB(container_method_container_name)(c, &name, &said));
	CHECK(name.len == container.len && memcmp(name.ptr, container.ptr, name.len) == 0);
	BLOB(container_container_metadata_t) info;
	FINE(BLOB(container_method_container_info)(c, &info, &said));
	CHECK(info.created_at > 1000000000 && info.created_at < 10000000000);

	uint64_t n;
	const uint64_t size = 300000;
	CHECK(put(c, a, 10, true, err));
	if (!put(c, a, size, true, err) || !put(c, text("b"), 1000, false, err) || !put(c, text("empty"), 0, true, err)) {
		return false;
	}
	if (!stream(c, a, 0, END, &n, err)) {
		return false;
	}
	CHECK(n == size);
	if (!stream(c, a, 131071, 131072, &n, err)) {
		return false;
	}
	CHECK(n == 2); // both ends are in it
	if (!stream(c, a, size - 5, END - 1, &n, err)) {
		return false;
	}
	CHECK(n == 5);
	if (!stream(c, a, size, END, &n, err) || n != 0 || !stream(c, text("empty"), 0, END, &n, err) || n != 0) {
		return false;
	}
	BLOB(container_own_incoming_value_t) v;
	CHECK(!BLOB(container_method_container_get_data)(c, &a, 2, 1, &v, &said));
	CHECK(!BLOB(container_method_container_get_data)(c, &none, 0, 1, &v, &said));
	FINE(BLOB(container_method_container_get_data)(c, &a, 8, 11, &v, &said));
	BLOB(types_incoming_value_sync_body_t) four;
	FINE(BLOB(types_static_incoming_value_incoming_value_consume_sync)(v, &four, &said));
	CHECK(four.len == 4 && four.ptr[0] == 8 * 31 >> 3);

	BLOB(container_object_metadata_t) object;
	FINE(BLOB(container_method_container_object_info)(c, &a, &object, &said));
	CHECK(object.size == size && same(object.name, "a/b.txt") && object.container.len == container.len && object.created_at > 1000000000);
	CHECK(!BLOB(container_method_container_object_info)(c, &none, &object, &said));
	if (!names(c, 3, err) || !has(c, "b", true, err) || !has(c, "none", false, err)) {
		return false;
	}
	BLOB(blobstore_object_id_t) from = {container, a}, to = {container, text("copy")}, moved = {container, text("moved")};
	FINE(BLOB(blobstore_copy_object)(&from, &to, &said));
	FINE(BLOB(blobstore_move_object)(&to, &moved, &said));
	FINE(BLOB(blobstore_move_object)(&moved, &moved, &said));
	if (!has(c, "copy", false, err) || !stream(c, moved.object, 0, END, &n, err)) {
		return false;
	}
	CHECK(n == size);
	FINE(BLOB(container_method_container_delete_object)(c, &a, &said));
	FINE(BLOB(container_method_container_delete_object)(c, &a, &said));
	string gone[] = {text("b"), text("none")};
	BLOB(container_list_object_name_t) two = {gone, 2};
	FINE(BLOB(container_method_container_delete_objects)(c, &two, &said));
	if (!names(c, 2, err)) {
		return false;
	}
	FINE(BLOB(container_method_container_clear)(c, &said));

	// What has no container is nothing, and what has one cannot have another.
	BLOB(types_own_outgoing_value_t) value = BLOB(types_static_outgoing_value_new_outgoing_value)();
	CHECK(!BLOB(types_static_outgoing_value_finish)(value, &said));
	value = BLOB(types_static_outgoing_value_new_outgoing_value)();
	FINE(BLOB(container_method_container_write_data)(c, &a, BLOB(types_borrow_outgoing_value)(value), &said));
	CHECK(!BLOB(container_method_container_write_data)(c, &none, BLOB(types_borrow_outgoing_value)(value), &said));
	FINE(BLOB(types_static_outgoing_value_finish)(value, &said));
	return names(c, 1, err);
}

bool exports_guest_blobstore(string *container, string *err) {
	string said = {0, 0}, absent = text("no such container");
	BLOB(blobstore_own_container_t) c, again;
	bool exists;
	FINE(BLOB(blobstore_container_exists)(container, &exists, &said));
	CHECK(!exists);
	CHECK(!BLOB(blobstore_get_container)(&absent, &c, &said));
	FINE(BLOB(blobstore_delete_container)(&absent, &said));
	FINE(BLOB(blobstore_create_container)(container, &c, &said));
	CHECK(!BLOB(blobstore_create_container)(container, &again, &said));
	FINE(BLOB(blobstore_get_container)(container, &again, &said));
	FINE(BLOB(blobstore_container_exists)(container, &exists, &said));
	CHECK(exists);
	if (!objects(BLOB(container_borrow_container)(c), *container, err)) {
		return false;
	}
	BLOB(blobstore_object_id_t) from = {*container, text("none")}, to = {absent, text("x")};
	CHECK(!BLOB(blobstore_copy_object)(&from, &to, &said));
	FINE(BLOB(blobstore_delete_container)(container, &said));
	FINE(BLOB(blobstore_container_exists)(container, &exists, &said));
	CHECK(!exists);
	BLOB(container_container_drop_own)(c);
	BLOB(container_container_drop_own)(again);
	return true;
}

// held returns a container, which is made if it is not there.
static BLOB(container_borrow_container_t) held(string *container) {
	BLOB(blobstore_own_container_t) c;
	string said;
	if (!BLOB(blobstore_get_container)(container, &c, &said) && !BLOB(blobstore_create_container)(container, &c, &said)) {
		abort();
	}
	return BLOB(container_borrow_container)(c);
}

void exports_guest_hoard_values(string *container, string *object, string *ret) {
	BLOB(container_borrow_container_t) c = held(container);
	BLOB(container_own_incoming_value_t) v;
	while (BLOB(container_method_container_get_data)(c, object, 0, END, &v, ret)) {
	}
}

void exports_guest_abandon(string *container, string *object) {
	string said;
	BLOB(container_borrow_container_t) c = held(container);
	BLOB(types_own_outgoing_value_t) v = BLOB(types_static_outgoing_value_new_outgoing_value)();
	BLOB(types_borrow_outgoing_value_t) value = BLOB(types_borrow_outgoing_value)(v);
	BLOB(types_own_output_stream_t) out;
	static uint8_t chunk[4096];
	bytes part = {chunk, sizeof chunk};
	wasi_io_streams_stream_error_t fail;
	if (!BLOB(types_method_outgoing_value_outgoing_value_write_body)(value, &out) ||
		!BLOB(container_method_container_write_data)(c, object, value, &said) ||
		!wasi_io_streams_method_output_stream_blocking_write_and_flush(wasi_io_streams_borrow_output_stream(out), &part, &fail)) {
		abort();
	}
	wasi_io_streams_output_stream_drop_own(out);
	BLOB(types_outgoing_value_drop_own)(v);
}

bool exports_guest_write(string *container, string *object, uint64_t size, bool first, string *err) {
	return put(held(container), *object, size, first, err);
}

bool exports_guest_read(string *container, string *object, uint64_t *ret, string *err) {
	return stream(held(container), *object, 0, END, ret, err);
}
