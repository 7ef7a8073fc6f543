import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";

const uri = "notes://sandbox";

const text = `# The sandbox

This server is a WebAssembly component. It has no files, no environment, no
sockets and no clock of its own: it can reach only what its host hands to it.
`;

export function registerNotes(server: McpServer): void {
  server.registerResource(
    "sandbox-notes",
    uri,
    { title: "Notes on the sandbox", description: "What this server can and cannot reach.", mimeType: "text/markdown" },
    () => ({ contents: [{ uri, mimeType: "text/markdown", text }] }),
  );
}
