// The HTTP routes. Every request gets its answer here: an unknown path is a 404
// and never becomes a request to elsewhere.

import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import { Hono } from "hono/tiny";
import { createServer, serverInfo } from "./server.js";

/** The largest request body that is read, in bytes. */
const maxRequestBodySize = 4 * 1024 * 1024;

export const app = new Hono();

app.get("/healthz", (c) => c.json({ status: "ok" }));

app.get("/", (c) => c.json({ ...serverInfo, mcp: "/mcp", health: "/healthz" }));

app.post("/mcp", async (c) => {
  // Stateless: a server and a transport for each request, and no session.
  const transport = new WebStandardStreamableHTTPServerTransport({
    sessionIdGenerator: undefined,
    maxRequestBodySize,
    // A keep-alive timer would hold the instance's event loop open.
    keepAliveMs: 0,
  });
  await createServer().connect(transport);
  return withoutConnectionHeader(await transport.handleRequest(c.req.raw));
});

// A stateless server has no stream to open with GET and no session to DELETE.
app.all("/mcp", (c) => c.json(rpcError(-32000, "method not allowed: use POST"), 405, { Allow: "POST" }));

app.notFound((c) => c.json({ error: `no route for ${c.req.method} ${c.req.path}` }, 404));

app.onError((err, c) => {
  console.error(err);
  return c.json(rpcError(-32603, "internal error"), 500);
});

/**
 * The transport sets `Connection: keep-alive`. Connection headers belong to the
 * HTTP server, and wasi:http lets a host refuse them.
 */
function withoutConnectionHeader(response: Response): Response {
  const headers = new Headers(response.headers);
  headers.delete("connection");
  return new Response(response.body, { status: response.status, headers });
}

function rpcError(code: number, message: string) {
  return { jsonrpc: "2.0", error: { code, message }, id: null };
}
