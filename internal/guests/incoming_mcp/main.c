// A server of MCP whose path says which revision it speaks, and whose tools do what
// servers should not do:
//
//	/modern   2026-07-28
//	/legacy   2025-11-25, without sessions
//	/session  2025-11-25, with sessions
//	/strict   2025-11-25, without sessions, and only after initialize
//
// With /endless besides, its list of tools has no end.
//
// It reads no JSON: requests are compact, and have no escapes where it looks.
#include "incoming.h"

static const char *body, *id, *path;
static outparam kept;
static out_stream left;
static int calls;     // of tools, of this instance
static int handshake; // how far it is: 1 after initialize, 2 after initialized

static const char *find(const char *in, const char *what) {
	for (size_t n = strlen(what); *in != '\0'; in++) {
		if (strlen(in) >= n && memcmp(in, what, n) == 0) {
			return in + n;
		}
	}
	return NULL;
}

static bool says(const char *what) { return find(body, what) != NULL; }

static bool at(const char *era) { return find(path, era) != NULL; }

static const char *join(const char *a, const char *b, const char *c) {
	size_t x = strlen(a), y = strlen(b), z = strlen(c);
	char *text = malloc(x + y + z + 1);
	memcpy(text, a, x);
	memcpy(text + x, b, y);
	memcpy(text + x + y, c, z);
	text[x + y + z] = '\0';
	return text;
}

// value returns the value of a member, if that is no array and no object.
static const char *value(const char *member) {
	const char *from = find(body, join("\"", member, "\":"));
	if (from == NULL) {
		return "null";
	}
	size_t n = 0;
	for (bool quoted = false; quoted || (from[n] != ',' && from[n] != '}'); n++) {
		quoted ^= from[n] == '"';
	}
	return text_of((wasi_string_t){(uint8_t *)from, n});
}

static out_body open_with(outparam p, uint16_t status, const char *type, const char *session) {
	fields h = fields_new();
	if (type != NULL) {
		append(h, "Content-Type", type);
	}
	if (session != NULL) {
		append(h, "Mcp-Session-Id", session);
	}
	own_response r = response_with(status, h);
	out_body b = response_body(r);
	set(p, r);
	return b;
}

static void send(outparam p, uint16_t status, const char *type, const char *text) { write_body(open_with(p, status, type, NULL), text); }

static const char *json = "application/json", *events = "text/event-stream";

static const char *with_result(const char *of, const char *result) {
	return join(join("{\"jsonrpc\":\"2.0\",\"id\":", of, ",\"result\":"), result, "}");
}

static const char *with_error(const char *error) { return join(join("{\"jsonrpc\":\"2.0\",\"id\":", id, ",\"error\":"), error, "}"); }

static const char *notice(const char *method, const char *params) {
	return join(join("{\"jsonrpc\":\"2.0\",\"method\":\"", method, "\",\"params\":"), params, "}");
}

static const char *progress(const char *token, int n) {
	return notice("notifications/progress", join(join("{\"progressToken\":", token, ",\"progress\":"), decimal(n), "}"));
}

static const char *text_result(const char *text) {
	return with_result(id, join("{\"content\":[{\"type\":\"text\",\"text\":\"", text, "\"}],\"large\":12345678901234567890,\"z\":1,\"a\":2}"));
}

static void event(out_stream s, const char *data) { CHECK_EQ(write_flush(s, join("data: ", data, "\n\n")), OPEN); }

static _Noreturn void spin(void) {
	for (volatile int i = 0;; i++) {
	}
}

static const char *discovered =
	"{\"resultType\":\"complete\",\"supportedVersions\":[\"2026-07-28\"],\"capabilities\":{\"tools\":{},\"resources\":{}},"
	"\"_meta\":{\"io.modelcontextprotocol/serverInfo\":{\"name\":\"hostile\",\"version\":\"1\"}},\"instructions\":\"Do not.\",\"ttlMs\":90000,"
	"\"cacheScope\":\"public\"}";

static const char *initialized =
	"{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{\"tools\":{},\"logging\":{},\"tasks\":{},\"resources\":{\"subscribe\":true}},"
	"\"serverInfo\":{\"name\":\"hostile\",\"version\":\"1\"}}";

static void list(outparam p, const char *member, const char *entry, const char *more) {
	send(p, 200, json, with_result(id, join(join("{\"", member, "\":["), entry, join("]", more, "}"))));
}

static void call(outparam p) {
	const char *name = value("name");
#define TOOL(text) (is(str(name), "\"" text "\""))
	calls++;
	if (TOOL("count")) {
		send(p, 200, json, text_result(decimal(calls)));
	} else if (TOOL("echo")) {
		send(p, 200, json, with_result(id, body));
	} else if (TOOL("progress")) {
		out_body b = open_with(p, 200, events, NULL);
		out_stream s = write_stream(b);
		CHECK_EQ(write_flush(s, "\xef\xbb\xbf: a comment\r\nid: 7\r\nretry: 1\r\ndata:\r\n\r\n"), OPEN);
		CHECK_EQ(write_flush(s, join("event: other\rdata: ", progress(value("progressToken"), 0), "\r\r")), OPEN);
		event(s, progress(value("progressToken"), 1));
		event(s, progress("\"of another\"", 2));
		event(s, notice("notifications/message", "{\"level\":\"info\",\"data\":\"quiet\"}"));
		event(s, notice("notifications/message", "{\"level\":\"error\",\"data\":\"loud\"}"));
		event(s, notice("notifications/tools/list_changed", "{}"));
		CHECK_EQ(write_flush(s, "event: message\ndata: {\"jsonrpc\":\"2.0\",\ndata: \"method\":\"notifications/odd\"}\n\n"), OPEN);
		event(s, text_result("done"));
		drop_out(s);
		finish(b);
	} else if (TOOL("endless")) {
		out_stream s = write_stream(open_with(p, 200, events, NULL));
		for (;;) {
			event(s, progress(value("progressToken"), 1));
		}
	} else if (TOOL("flood")) {
		out_stream s = write_stream(open_with(p, 200, events, NULL));
		for (CHECK_EQ(write_flush(s, "data: "), OPEN);;) {
			CHECK_EQ(write_flush(s, "0123456789012345678901234567890123456789012345678901234567890123456789"), OPEN);
		}
	} else if (TOOL("large")) {
		out_stream s = write_stream(open_with(p, 200, json, NULL));
		for (;;) {
			CHECK_EQ(write_flush(s, "0123456789012345678901234567890123456789012345678901234567890123456789"), OPEN);
		}
	} else if (TOOL("linger")) {
		event(write_stream(open_with(p, 200, events, NULL)), text_result("done"));
		spin();
	} else if (TOOL("late")) {
		out_stream s = write_stream(open_with(p, 200, events, NULL));
		event(s, progress(value("progressToken"), 1));
		__builtin_trap();
	} else if (TOOL("asks")) {
		out_body b = open_with(p, 200, events, NULL);
		out_stream s = write_stream(b);
		event(s, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"elicitation/create\",\"params\":{}}");
		event(s, text_result("done"));
		drop_out(s);
		finish(b);
	} else if (TOOL("ends")) {
		send(p, 200, events, ": nothing\n\n");
	} else if (TOOL("garbage")) {
		send(p, 200, events, "data: {]\n\n");
	} else if (TOOL("stranger")) {
		send(p, 200, events, join("data: ", with_result("4711", "{}"), "\n\n"));
	} else if (TOOL("other")) {
		send(p, 200, json, with_result("4711", "{}"));
	} else if (TOOL("nobody")) {
		send(p, 200, json, with_result("null", "{}"));
	} else if (TOOL("html")) {
		send(p, 200, "text/html", "<!doctype html><h1>It works</h1>");
	} else if (TOOL("fails")) {
		send(p, 500, "text/plain", "Internal Server Error");
	} else if (TOOL("says")) {
		send(p, 500, json, "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"what?\",\"data\":{\"x\":1.50}}}");
	} else if (TOOL("batch")) {
		send(p, 200, json, join("[", text_result("done"), "]"));
	} else if (TOOL("twice")) {
		send(p, 200, json, join("{\"id\":0,", text_result("done") + 1, ""));
	} else if (TOOL("list")) {
		send(p, 200, json, with_result(id, "[]"));
	} else if (TOOL("silent")) {
		send(p, 202, NULL, "");
	} else if (TOOL("missing")) {
		send(p, 200, json, with_error("{\"code\":-32002,\"message\":\"not here\"}"));
	} else if (TOOL("wild")) {
		send(p, 200, json, with_error("{\"code\":\"x\",\"message\":7}"));
	} else if (TOOL("trap")) {
		__builtin_trap();
	} else if (TOOL("spin")) {
		spin();
	} else if (TOOL("none")) {
		wasi_http_types_response_outparam_drop_own(p);
	} else if (TOOL("keep")) {
		kept = p;
	} else if (TOOL("kept")) { // two answers, the first one to a request that is over
		own_response r = response_with(200, fields_new());
		out_body b = response_body(r);
		set(kept, r);
		write_flush(write_stream(b), "late");
		send(p, 200, json, text_result("done"));
	} else if (TOOL("leaves")) { // a body that is not finished, to be written to later
		left = write_stream(open_with(p, 200, json, NULL));
		CHECK_EQ(write_flush(left, "{"), OPEN);
	} else if (TOOL("left")) {
		send(p, 200, json, text_result(write_flush(left, "late") == OPEN ? "open" : "closed"));
	} else {
		send(p, 200, json, with_error("{\"code\":-32602,\"message\":\"no such tool\"}"));
	}
}

void exports_wasi_http_incoming_handler_handle(own_request q, outparam p) {
	wasi_http_types_own_incoming_body_t incoming;
	CHECK(INCOMING(consume)(lend(q), &incoming));
	in_stream in = body_stream(incoming);
	body = text_of(string_of(read_all(in)));
	drop_in(in);
	wasi_http_types_incoming_body_drop_own(incoming);
	path = path_of(q);
	id = value("id");
	fields h = wasi_http_types_borrow_fields(INCOMING(headers)(lend(q)));
	bool mine = has_field(h, "mcp-session-id", "abc"), modern = has_field(h, "mcp-protocol-version", "2026-07-28");
	fields_drop(h);
	wasi_http_types_incoming_request_drop_own(q);

	if (at("/modern") != modern && !says("\"initialize\"")) {
		send(p, 400, "text/plain", "Bad Request");
	} else if (says("\"server/discover\"")) {
		send(p, 200, json, with_result(id, discovered));
	} else if (says("\"initialize\"") && !at("/modern")) {
		handshake = 1;
		write_body(open_with(p, 200, json, at("/session") ? "abc" : NULL), with_result(id, initialized));
	} else if (at("/session") && !mine) {
		send(p, 404, "text/plain", "no such session");
	} else if (says("\"notifications/initialized\"")) {
		handshake++;
		send(p, 202, NULL, "");
	} else if ((at("/strict") || at("/session")) && handshake < 2) {
		send(p, 400, json, with_error("{\"code\":-32600,\"message\":\"not initialized\"}"));
	} else if (says("\"tools/list\"") && at("/endless")) {
		list(p, "tools", "", ",\"nextCursor\":\"more\"");
	} else if (says("\"tools/list\"")) {
		list(p, "tools", says("\"cursor\":\"2\"") ? "{\"name\":\"count\",\"inputSchema\":{\"type\":\"object\"}}" : "{\"name\":\"\xe2\x80\x8b\"}",
			says("\"cursor\":\"2\"") ? ",\"ttlMs\":100000" : ",\"nextCursor\":\"2\"");
	} else if (says("\"resources/list\"")) {
		list(p, "resources", "{\"uri\":\"test://x\",\"name\":\"x\"}", "");
	} else if (says("\"tools/call\"")) {
		call(p);
	} else if (says("\"logging/setLevel\"")) {
		send(p, 200, json, with_result(id, "{}"));
	} else {
		send(p, 404, json, with_error("{\"code\":-32601,\"message\":\"no such method\"}"));
	}
}
