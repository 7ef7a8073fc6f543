import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import * as z from "zod";

const inputSchema = {
  to: z.int().min(1).max(100).default(5).describe("the number to count to"),
  delayMs: z.int().min(0).max(1000).default(100).describe("the pause before each number, in milliseconds"),
};
const outputSchema = { counted: z.int().min(1) };

export function registerSlowCount(server: McpServer): void {
  server.registerTool(
    "slow-count",
    {
      title: "Slow count",
      description: "Counts slowly and reports each number as progress while the response is still open.",
      inputSchema,
      outputSchema,
      annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
    },
    async ({ to, delayMs }, { _meta, sendNotification, signal }) => {
      const progressToken = _meta?.progressToken;
      for (let progress = 1; progress <= to; progress++) {
        await new Promise((resolve) => setTimeout(resolve, delayMs));
        signal.throwIfAborted();
        if (progressToken !== undefined) {
          await sendNotification({
            method: "notifications/progress",
            params: { progressToken, progress, total: to, message: `${progress} of ${to}` },
          });
        }
      }
      return { content: [{ type: "text", text: `counted to ${to}` }], structuredContent: { counted: to } };
    },
  );
}
