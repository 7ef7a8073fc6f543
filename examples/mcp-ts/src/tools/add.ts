import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import * as z from "zod";

const inputSchema = {
  a: z.number().describe("the first number"),
  b: z.number().describe("the second number"),
};
const outputSchema = { sum: z.number().describe("a + b") };

export function registerAdd(server: McpServer): void {
  server.registerTool(
    "add",
    {
      title: "Add",
      description: "Adds two numbers.",
      inputSchema,
      outputSchema,
      annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
    },
    ({ a, b }) => {
      const sum = a + b;
      if (!Number.isFinite(sum)) {
        return { isError: true, content: [{ type: "text", text: "the sum is too large for a number" }] };
      }
      return { content: [{ type: "text", text: String(sum) }], structuredContent: { sum } };
    },
  );
}
