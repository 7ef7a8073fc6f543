// The MCP server: its identity and everything it offers.

import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { registerSummarize } from "./prompts/summarize.js";
import { registerNotes } from "./resources/notes.js";
import { registerAdd } from "./tools/add.js";
import { registerEcho } from "./tools/echo.js";
import { registerFetch } from "./tools/fetch.js";
import { registerSlowCount } from "./tools/slow-count.js";
import { registerTextStats } from "./tools/text-stats.js";

export const serverInfo = { name: "example-mcp-ts", version: "1.0.0" };

/** createServer returns a server with all tools, resources and prompts. */
export function createServer(): McpServer {
  const server = new McpServer(serverInfo, {
    instructions: "Small tools that show what a sandboxed MCP server can do.",
  });
  registerEcho(server);
  registerAdd(server);
  registerTextStats(server);
  registerSlowCount(server);
  registerFetch(server);
  registerNotes(server);
  registerSummarize(server);
  return server;
}
