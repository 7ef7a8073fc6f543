// Writes until its client has gone. What it is told then, if it still runs, is that
// the connection has ended.
#include "incoming.h"

void exports_wasi_http_incoming_handler_handle(own_request q, outparam p) {
	(void)q;
	own_response r = response_with(200, fields_new());
	out_body b = response_body(r);
	set(p, r);
	out_stream s = write_stream(b);
	int state;
	while ((state = write_flush(s, "more and more\n")) == OPEN) {
	}
	CHECK_EQ(state, FAILED);
	CHECK_EQ(http_code().tag, CODE(CONNECTION_TERMINATED));
	CHECK_EQ(write_flush(s, "x"), CLOSED);
	drop_out(s);
}
