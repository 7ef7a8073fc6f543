// Responses before the response.
#include "incoming.h"

static bool inform(outparam p, uint16_t status, const char *link, error_code *e) {
	fields h = fields_new();
	if (link != NULL) {
		append(h, "Link", link);
	}
	return wasi_http_types_method_response_outparam_send_informational(
		wasi_http_types_borrow_response_outparam(p), status, owned(h), e);
}

void exports_wasi_http_incoming_handler_handle(own_request q, outparam p) {
	(void)q;
	error_code e;
	CHECK(!inform(p, 99, NULL, &e));
	CHECK_EQ(e.tag, CODE(HTTP_PROTOCOL_ERROR));
	CHECK(!inform(p, 200, NULL, &e));
	CHECK_EQ(e.tag, CODE(HTTP_PROTOCOL_ERROR));
	CHECK(!inform(p, 101, NULL, &e));
	CHECK_EQ(e.tag, CODE(INTERNAL_ERROR));
	static char large[70000];
	memset(large, 'x', sizeof large - 1);
	CHECK(!inform(p, 103, large, &e));
	CHECK_EQ(e.tag, CODE(HTTP_RESPONSE_HEADER_SECTION_SIZE));
	CHECK(inform(p, 103, "</a.css>", &e));
	CHECK(inform(p, 199, "</b.css>", &e));
	reply(p, 200, "final");
}
