import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import * as z from "zod";

const inputSchema = { text: z.string().max(1_000_000).describe("the text to measure") };
const outputSchema = {
  lines: z.int().min(0),
  words: z.int().min(0),
  characters: z.int().min(0).describe("Unicode code points"),
  bytes: z.int().min(0).describe("length in UTF-8"),
  longestWord: z.string().describe("the first of the longest words, or empty"),
};

export function registerTextStats(server: McpServer): void {
  server.registerTool(
    "text-stats",
    {
      title: "Text statistics",
      description: "Counts the lines, words, characters and bytes of a text.",
      inputSchema,
      outputSchema,
      annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
    },
    ({ text }) => {
      const stats = measure(text);
      return { content: [{ type: "text", text: JSON.stringify(stats) }], structuredContent: stats };
    },
  );
}

function measure(text: string) {
  const words = text.match(/\S+/gu) ?? [];
  let longestWord = "";
  let longest = 0;
  for (const word of words) {
    const length = countCodePoints(word);
    if (length > longest) {
      longest = length;
      longestWord = word;
    }
  }
  return {
    // A final newline ends the last line; it does not begin another one.
    lines: text === "" ? 0 : text.replace(/\n$/, "").split("\n").length,
    words: words.length,
    characters: countCodePoints(text),
    bytes: new TextEncoder().encode(text).byteLength,
    longestWord,
  };
}

function countCodePoints(text: string): number {
  let count = 0;
  for (const _ of text) {
    count++;
  }
  return count;
}
