import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import * as z from "zod";

/** The most bytes of a response body that the tool returns. */
const maxBytes = 64 * 1024;

const inputSchema = {
  url: z.url({ protocol: /^https?$/ }).max(2048).describe("an http or https URL"),
};
const outputSchema = {
  status: z.int().min(100).max(599).describe("the HTTP status code"),
  contentType: z.string(),
  body: z.string().describe(`the response body as text, at most ${maxBytes} bytes of it`),
  truncated: z.boolean().describe("whether the body was longer"),
};

export function registerFetch(server: McpServer): void {
  server.registerTool(
    "fetch",
    {
      title: "Fetch",
      description:
        "Sends a GET request and returns the response. The host refuses it unless its policy allows the destination.",
      inputSchema,
      outputSchema,
      annotations: { readOnlyHint: true, openWorldHint: true },
    },
    async ({ url }) => {
      let page;
      try {
        page = await get(url);
      } catch (err) {
        return { isError: true, content: [{ type: "text", text: explain(url, err) }] };
      }
      return { content: [{ type: "text", text: page.body }], structuredContent: page };
    },
  );
}

async function get(url: string) {
  const response = await fetch(url);
  const { body, truncated } = await readText(response);
  return {
    status: response.status,
    contentType: response.headers.get("content-type") ?? "",
    body,
    truncated,
  };
}

/** readText reads at most maxBytes of the body and decodes them as UTF-8. */
async function readText(response: Response): Promise<{ body: string; truncated: boolean }> {
  if (response.body === null) {
    return { body: "", truncated: false };
  }
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let body = "";
  let room = maxBytes;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      return { body: body + decoder.decode(), truncated: false };
    }
    if (value.byteLength > room) {
      body += decoder.decode(value.subarray(0, room), { stream: true });
      await reader.cancel();
      return { body, truncated: true };
    }
    room -= value.byteLength;
    body += decoder.decode(value, { stream: true });
  }
}

/** explain says what is known. The engine does not pass on the error code of wasi:http. */
function explain(url: string, err: unknown): string {
  const reason = err instanceof Error ? err.message.trim() : String(err);
  return `cannot fetch ${url}: the host refused the request or could not complete it (${reason})`;
}
