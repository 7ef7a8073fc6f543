// Fields: every function, names in any case, names and values that cannot be.
#include "http.h"

static wasi_http_types_field_value_t value(const char *text) { return (wasi_http_types_field_value_t){(uint8_t *)text, strlen(text)}; }

static bool has(fields f, const char *name) {
	wasi_string_t n = str(name);
	return FIELDS(has)(f, &n);
}

static bool set(fields f, const char *name, wasi_http_types_field_value_t *values, size_t n) {
	wasi_string_t s = str(name);
	wasi_http_types_list_field_value_t list = {values, n};
	return FIELDS(set)(f, &s, &list, &fields_error);
}

static bool delete(fields f, const char *name) {
	wasi_string_t n = str(name);
	return FIELDS(delete)(f, &n, &fields_error);
}

static bool from_list(fields *f, const char *name, const char *text) {
	wasi_http_types_tuple2_field_name_field_value_t entry = {str(name), value(text)};
	wasi_http_types_list_tuple2_field_name_field_value_t list = {&entry, 1};
	wasi_http_types_own_fields_t own;
	if (!wasi_http_types_static_fields_from_list(&list, &own, &fields_error)) {
		return false;
	}
	*f = wasi_http_types_borrow_fields(own);
	return true;
}

static void changes(void) {
	fields f = fields_new();
	CHECK(!has(f, "x"));
	CHECK_EQ(count(f, "x"), 0);
	append(f, "X-One", "1");
	append(f, "x-two", "2");
	append(f, "x-ONE", "3");
	CHECK(has(f, "x-one"));
	CHECK_EQ(count(f, "x-one"), 2);
	CHECK(has_field(f, "X-TWO", "2"));

	// Entries are in order, as they were written.
	wasi_http_types_list_tuple2_field_name_field_value_t all;
	FIELDS(entries)(f, &all);
	CHECK_EQ(all.len, 3);
	CHECK_STR(all.ptr[0].f0, "X-One");
	CHECK_STR(all.ptr[1].f0, "x-two");
	CHECK_STR(all.ptr[2].f0, "x-ONE");

	// A copy goes its own way.
	fields copy = wasi_http_types_borrow_fields(FIELDS(clone)(f));
	wasi_http_types_field_value_t two[] = {value("a"), value("")};
	CHECK(set(copy, "X-one", two, 2));
	CHECK_EQ(count(copy, "x-one"), 2);
	CHECK(set(copy, "x-TWO", NULL, 0));
	CHECK(!has(copy, "x-two"));
	CHECK_EQ(count(f, "x-two"), 1);
	CHECK(delete(copy, "X-ONE"));
	CHECK(delete(copy, "never-there"));
	FIELDS(entries)(copy, &all);
	CHECK_EQ(all.len, 0);
	CHECK_EQ(count(f, "x-one"), 2);
	fields_drop(copy);
	fields_drop(f);

	// A name may be present and empty.
	f = fields_new();
	append(f, "empty", "");
	CHECK(has(f, "empty"));
	CHECK(has_field(f, "empty", ""));
	fields_drop(f);

	CHECK(from_list(&f, "Name", "value"));
	CHECK(has_field(f, "name", "value"));
	append(f, "name", "more"); // what it makes can be changed
	fields_drop(f);
}

static void syntax(void) {
	fields f = fields_new(), g;
	static const char *names[] = {"", " ", "a b", "a:", "a\n", "\xc3\xa9", "(a)", "a/b", "a\"", "a,b", ":path"};
	for (size_t i = 0; i < LENGTH(names); i++) {
		FIELDS_FAIL(try_append(f, names[i], "x"), INVALID_SYNTAX);
		FIELDS_FAIL(set(f, names[i], NULL, 0), INVALID_SYNTAX);
		FIELDS_FAIL(delete(f, names[i]), INVALID_SYNTAX);
		FIELDS_FAIL(from_list(&g, names[i], "x"), INVALID_SYNTAX);
		CHECK(!has(f, names[i]));
		CHECK_EQ(count(f, names[i]), 0);
	}
	append(f, "!#$%&'*+-.^_`|~09azAZ", "every character that a name can have");
	static const char *values[] = {"a\nb", "a\rb", "\r\n", "\x7f", "\x01"};
	for (size_t i = 0; i < LENGTH(values); i++) {
		wasi_http_types_field_value_t both[] = {value("good"), value(values[i])};
		FIELDS_FAIL(try_append(f, "x", values[i]), INVALID_SYNTAX);
		FIELDS_FAIL(set(f, "x", both, 2), INVALID_SYNTAX);
		FIELDS_FAIL(from_list(&g, "x", values[i]), INVALID_SYNTAX);
	}
	CHECK(!has(f, "x")); // set does all or nothing
	append(f, "x", "tabs\tand bytes \x80\xff");
	wasi_string_t name = str("nul");
	wasi_http_types_field_value_t nul = {(uint8_t *)"a\0b", 3};
	FIELDS_FAIL(FIELDS(append)(f, &name, &nul, &fields_error), INVALID_SYNTAX);
	fields_drop(f);
}

static void forbidden(void) {
	fields f = fields_new(), g;
	static const char *names[] = {"Connection", "keep-alive", "PROXY-connection", "transfer-encoding", "Upgrade", "http2-settings",
		"proxy-authenticate", "proxy-authorization", "Host"};
	for (size_t i = 0; i < LENGTH(names); i++) {
		wasi_http_types_field_value_t v = value("x");
		FIELDS_FAIL(try_append(f, names[i], "x"), FORBIDDEN);
		FIELDS_FAIL(set(f, names[i], &v, 1), FORBIDDEN);
		FIELDS_FAIL(from_list(&g, names[i], "x"), FORBIDDEN);
		CHECK(!has(f, names[i]));
	}
	fields_drop(f);
}

static void immutable(void) {
	fields f = fields_new();
	append(f, "x", "1");
	request r = wasi_http_types_borrow_outgoing_request(wasi_http_types_constructor_outgoing_request(owned(f)));
	fields view = wasi_http_types_borrow_fields(REQUEST(headers)(r)), other = wasi_http_types_borrow_fields(REQUEST(headers)(r));
	FIELDS_FAIL(try_append(view, "y", "2"), IMMUTABLE);
	FIELDS_FAIL(set(view, "x", NULL, 0), IMMUTABLE);
	FIELDS_FAIL(delete(view, "x"), IMMUTABLE);
	CHECK(has_field(view, "x", "1"));
	fields copy = wasi_http_types_borrow_fields(FIELDS(clone)(view)); // which can be changed
	append(copy, "x", "2");
	CHECK(has_field(other, "x", "1"));
	fields_drop(copy);
	fields_drop(view);
	fields_drop(other);
	request_drop(r);
}

void test(void) {
	changes();
	syntax();
	forbidden();
	immutable();
}
