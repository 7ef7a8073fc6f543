import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import * as z from "zod";

const argsSchema = {
  text: z.string().describe("the text to summarize"),
  sentences: z.string().regex(/^[1-9][0-9]?$/).optional().describe("how many sentences to use, 1 to 99; 3 by default"),
};

export function registerSummarize(server: McpServer): void {
  server.registerPrompt(
    "summarize",
    { title: "Summarize", description: "Asks for a summary of a text.", argsSchema },
    ({ text, sentences = "3" }) => ({
      messages: [
        {
          role: "user",
          content: { type: "text", text: `Summarize the following text in at most ${sentences} sentences.\n\n${text}` },
        },
      ],
    }),
  );
}
