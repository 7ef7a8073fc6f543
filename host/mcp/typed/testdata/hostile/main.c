// A server of wattle:mcp whose tools do what a component should not do.
#include <stdlib.h>
#include <string.h>

#include "hostile.h"

// None of the records below is freed: an instance answers one call.

static hostile_string_t text(const char *s) { return (hostile_string_t){(uint8_t *)s, strlen(s)}; }

static hostile_option_string_t some(const char *s) { return (hostile_option_string_t){true, text(s)}; }

static bool is(const hostile_string_t *s, const char *name) {
	return s->len == strlen(name) && memcmp(s->ptr, name, s->len) == 0;
}

// fill returns a text of so many letters.
static hostile_string_t fill(size_t n) {
	uint8_t *b = malloc(n);
	memset(b, 'x', n);
	return (hostile_string_t){b, n};
}

// SET sets an option of a text, of which there are types that differ in their names.
#define SET(option, s) ((option).is_some = true, (option).val = text(s))

void exports_wattle_mcp_tools_list_tools(exports_wattle_mcp_tools_list_tool_t *ret) {
	static const struct {
		const char *name, *schema;
	} all[] = {
		{"good", "{\"type\":\"object\"}"},
		{"nonsense", "nonsense"},
		{"array", "[]"},
		{"bad name", "{\"type\":\"object\"}"},
		{"twice", "{\"type\":\"object\",\"type\":\"object\"}"},
	};
	enum { N = sizeof all / sizeof *all };
	ret->ptr = malloc(N * sizeof *ret->ptr);
	ret->len = N;
	memset(ret->ptr, 0, N * sizeof *ret->ptr);
	for (size_t i = 0; i < N; i++) {
		ret->ptr[i].name = text(all[i].name);
		ret->ptr[i].input_schema = text(all[i].schema);
	}
}

static void content(exports_wattle_mcp_tools_outcome_t *ret, uint8_t tag, hostile_string_t what) {
	wattle_mcp_types_content_t *c = malloc(sizeof *c);
	memset(c, 0, sizeof *c);
	c->tag = tag;
	c->val.text = what;
	ret->val.complete.content.ptr = c;
	ret->val.complete.content.len = 1;
}

// ask has the client be asked n times for the same.
static void ask(exports_wattle_mcp_tools_outcome_t *ret, size_t n, const char *request) {
	wattle_mcp_types_tuple2_string_json_t *all = malloc((n + 1) * sizeof *all);
	for (size_t i = 0; i < n; i++) {
		all[i].f0 = text("q");
		all[i].f1 = text(request);
	}
	ret->tag = 1;
	ret->val.input_required.requests.ptr = all;
	ret->val.input_required.requests.len = n;
}

bool exports_wattle_mcp_tools_call_tool(exports_wattle_mcp_tools_request_t *request, hostile_string_t *name, exports_wattle_mcp_tools_json_t *arguments,
	exports_wattle_mcp_tools_outcome_t *ret, exports_wattle_mcp_tools_error_t *err) {
	(void)request;
	static const char *const elicit = "{\"method\":\"elicitation/create\",\"params\":{}}";
	memset(ret, 0, sizeof *ret);
	memset(err, 0, sizeof *err);
	if (is(name, "arguments")) {
		content(ret, 0, *arguments);
	} else if (is(name, "meta")) {
		content(ret, 0, request->meta);
	} else if (is(name, "content-not-json")) {
		content(ret, 4, text("nonsense"));
	} else if (is(name, "content-no-type")) {
		content(ret, 4, text("{\"a\":1}"));
	} else if (is(name, "content-other")) {
		content(ret, 4, text(" {\"type\": \"new\", \"n\": 1e1000}"));
	} else if (is(name, "structured-not-json")) {
		SET(ret->val.complete.structured, "{");
	} else if (is(name, "meta-not-object")) {
		SET(ret->val.complete.meta, "[]");
	} else if (is(name, "asks-twice")) {
		ask(ret, 2, elicit);
	} else if (is(name, "asks-for-a-shell")) {
		ask(ret, 1, "{\"method\":\"shell/run\"}");
	} else if (is(name, "asks-nonsense")) {
		ask(ret, 1, "nonsense");
	} else if (is(name, "asks-nothing")) {
		ask(ret, 0, elicit);
	} else if (is(name, "state-only")) {
		ask(ret, 0, elicit);
		ret->val.input_required.state = some("");
	} else if (is(name, "huge-state")) {
		ask(ret, 1, elicit);
		ret->val.input_required.state = (hostile_option_string_t){true, fill((64 << 10) + 1)};
	} else if (is(name, "error")) {
		*err = (exports_wattle_mcp_tools_error_t){-32050, text("no"), {true, text("not JSON")}};
		return false;
	} else if (is(name, "log")) {
		hostile_string_t logger = text("l"), data = text("not \"JSON\"");
		wattle_mcp_host_log(WATTLE_MCP_HOST_LEVEL_ERROR, &logger, &data);
		data = text("{\"a\": 1}");
		wattle_mcp_host_log(WATTLE_MCP_HOST_LEVEL_ALERT, NULL, &data);
	} else if (is(name, "log-huge")) {
		hostile_string_t data = fill((64 << 10) + 1);
		wattle_mcp_host_log(WATTLE_MCP_HOST_LEVEL_ERROR, NULL, &data);
	} else if (is(name, "progress-back")) {
		double total = 3;
		hostile_string_t message = text("m");
		wattle_mcp_host_progress(2, NULL, NULL);
		wattle_mcp_host_progress(1, NULL, NULL);
		wattle_mcp_host_progress(2, NULL, NULL);
		wattle_mcp_host_progress(2.5, &total, &message);
	} else if (is(name, "progress-infinite")) {
		wattle_mcp_host_progress(__builtin_inf(), NULL, NULL);
	} else if (is(name, "trap")) {
		__builtin_trap();
	} else if (is(name, "forever")) {
		while (!wattle_mcp_host_cancelled()) {
		}
		for (;;) {
		}
	} else {
		*err = (exports_wattle_mcp_tools_error_t){-32602, text("unknown tool"), {false, {NULL, 0}}};
		return false;
	}
	return true;
}

void exports_wattle_mcp_resources_list_resources(exports_wattle_mcp_resources_list_entry_t *ret) {
	ret->ptr = malloc(2 * sizeof *ret->ptr);
	ret->len = 2;
	memset(ret->ptr, 0, 2 * sizeof *ret->ptr);
	ret->ptr[0].uri = text("a:good");
	ret->ptr[0].name = text("good");
	ret->ptr[0].size = (hostile_option_u64_t){true, UINT64_MAX};
	ret->ptr[1].uri = text("a:bad");
	ret->ptr[1].name = text("bad");
	SET(ret->ptr[1].annotations, "3");
}

void exports_wattle_mcp_resources_list_templates(exports_wattle_mcp_resources_list_entry_t *ret) { memset(ret, 0, sizeof *ret); }

bool exports_wattle_mcp_resources_read_resource(exports_wattle_mcp_resources_request_t *request, hostile_string_t *uri,
	exports_wattle_mcp_resources_outcome_t *ret, exports_wattle_mcp_resources_error_t *err) {
	(void)request, (void)err;
	memset(ret, 0, sizeof *ret);
	exports_wattle_mcp_resources_contents_t *c = malloc(sizeof *c);
	memset(c, 0, sizeof *c);
	static uint8_t blob[] = {0, 255, 7};
	c->uri = *uri;
	c->body.tag = 1;
	c->body.val.blob.ptr = blob;
	c->body.val.blob.len = sizeof blob;
	SET(c->meta, "{\"k\":[1]}");
	ret->val.complete.ptr = c;
	ret->val.complete.len = 1;
	return true;
}

void exports_wattle_mcp_prompts_list_prompts(exports_wattle_mcp_prompts_list_prompt_t *ret) { memset(ret, 0, sizeof *ret); }

bool exports_wattle_mcp_prompts_get_prompt(exports_wattle_mcp_prompts_request_t *request, hostile_string_t *name,
	hostile_list_tuple2_string_string_t *arguments, exports_wattle_mcp_prompts_outcome_t *ret, exports_wattle_mcp_prompts_error_t *err) {
	(void)request, (void)name, (void)arguments, (void)err;
	memset(ret, 0, sizeof *ret);
	exports_wattle_mcp_prompts_message_t *m = malloc(sizeof *m);
	memset(m, 0, sizeof *m);
	static uint8_t pixel[] = {1, 2};
	m->role = EXPORTS_WATTLE_MCP_PROMPTS_ROLE_ASSISTANT;
	m->content.tag = 1;
	m->content.val.image.data.ptr = pixel;
	m->content.val.image.data.len = sizeof pixel;
	m->content.val.image.mime_type = text("image/x");
	ret->val.complete.messages.ptr = m;
	ret->val.complete.messages.len = 1;
	return true;
}

bool exports_wattle_mcp_completions_complete(exports_wattle_mcp_completions_request_t *request, exports_wattle_mcp_completions_reference_t *reference,
	hostile_string_t *argument, hostile_string_t *value, hostile_list_tuple2_string_string_t *known, exports_wattle_mcp_completions_completion_t *ret,
	exports_wattle_mcp_completions_error_t *err) {
	(void)request, (void)reference, (void)argument, (void)value, (void)known, (void)err;
	enum { N = 150 };
	memset(ret, 0, sizeof *ret);
	ret->values.ptr = malloc(N * sizeof *ret->values.ptr);
	ret->values.len = N;
	for (size_t i = 0; i < N; i++) {
		ret->values.ptr[i] = text("v");
	}
	return true;
}
