// Names, and addresses that need no looking up.
#include "sockets.h"

typedef wasi_sockets_ip_name_lookup_borrow_resolve_address_stream_t lookup;
typedef wasi_sockets_ip_name_lookup_option_ip_address_t found;

#define NEXT wasi_sockets_ip_name_lookup_method_resolve_address_stream_resolve_next_address

static bool try(const char *text, lookup *l) {
	wasi_sockets_ip_name_lookup_own_resolve_address_stream_t own;
	wasi_string_t name = str(text);
	if (!wasi_sockets_ip_name_lookup_resolve_addresses(net(), &name, &own, &code)) {
		return false;
	}
	*l = wasi_sockets_ip_name_lookup_borrow_resolve_address_stream(own);
	return true;
}

static lookup start(const char *text) {
	lookup l;
	OK(try(text, &l));
	return l;
}

static void drop(lookup l) {
	wasi_sockets_ip_name_lookup_resolve_address_stream_drop_own(
		(wasi_sockets_ip_name_lookup_own_resolve_address_stream_t){l.__handle});
}

static found next(lookup l) {
	wait(wasi_sockets_ip_name_lookup_method_resolve_address_stream_subscribe(l));
	found f;
	OK(NEXT(l, &f, &code));
	return f;
}

static void invalid(const char *text) {
	lookup l;
	if (try(text, &l)) {
		FAIL("an invalid name is looked up");
	}
	CHECK_EQ(code, WASI_SOCKETS_NETWORK_ERROR_CODE_INVALID_ARGUMENT);
}

void test(void) {
	found f;

	// Addresses.
	lookup l = start("127.1.2.3");
	f = next(l);
	CHECK(f.is_some && f.val.tag == IPV4);
	CHECK_EQ(f.val.val.ipv4.f0, 127);
	CHECK_EQ(f.val.val.ipv4.f3, 3);
	CHECK(!next(l).is_some);
	CHECK(!next(l).is_some);
	drop(l);
	l = start("2001:db8::1");
	f = next(l);
	CHECK(f.is_some && f.val.tag == IPV6);
	CHECK_EQ(f.val.val.ipv6.f0, 0x2001);
	CHECK_EQ(f.val.val.ipv6.f7, 1);
	drop(l);
	l = start("::ffff:127.0.0.1"); // never an IPv4-mapped address
	f = next(l);
	CHECK(f.is_some && f.val.tag == IPV4);
	drop(l);

	// Names, as the host's resolver of this test knows them.
	l = start("both.example.com");
	f = next(l);
	CHECK(f.is_some && f.val.tag == IPV4 && f.val.val.ipv4.f0 == 127);
	f = next(l);
	CHECK(f.is_some && f.val.tag == IPV6 && f.val.val.ipv6.f7 == 1);
	CHECK(!next(l).is_some);
	drop(l);
	drop(start("BOTH.Example.COM."));
	// Unicode names are encoded by IDNA: xn--bcher-kva.example.com.
	l = start("B\xc3\xbc" "cher.example.com");
	f = next(l);
	CHECK(f.is_some && f.val.tag == IPV4 && f.val.val.ipv4.f3 == 9);
	drop(l);
	lookup missing = start("missing.example.com"), busy = start("busy.example.com"), broken = start("broken.example.com");
	wait(wasi_sockets_ip_name_lookup_method_resolve_address_stream_subscribe(missing));
	FAILS(NEXT(missing, &f, &code), NAME_UNRESOLVABLE);
	wait(wasi_sockets_ip_name_lookup_method_resolve_address_stream_subscribe(busy));
	FAILS(NEXT(busy, &f, &code), TEMPORARY_RESOLVER_FAILURE);
	wait(wasi_sockets_ip_name_lookup_method_resolve_address_stream_subscribe(broken));
	FAILS(NEXT(broken, &f, &code), PERMANENT_RESOLVER_FAILURE);
	drop(missing);
	drop(busy);
	drop(broken);
	l = start("never.example.com");
	FAILS(NEXT(l, &f, &code), WOULD_BLOCK);
	drop(l); // which ends the lookup

	// What may not be looked up, and what is no name.
	FAILS(try("example.net", &l), ACCESS_DENIED);
	FAILS(try("example.com.example.net", &l), ACCESS_DENIED);
	invalid("");
	invalid(".");
	invalid("a..b");
	invalid("\xe2\x80\x8f.example.com"); // a mark of direction
	invalid("a b");
	invalid("-a.example.com");
	invalid("a-.example.com");
	invalid("[::1]");
	invalid("127.0.0.1:80");
	invalid("https://example.com");
	invalid("a.example.com\n");
	invalid("1::2::3");
	char label[65 + 12] = {0};
	memset(label, 'a', 64);
	memcpy(label + 64, ".example.com", 12);
	invalid(label);
}
