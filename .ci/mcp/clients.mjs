// Has the official TypeScript clients use examples/mcp-go behind a gateway:
//   node clients.mjs URL TOKEN
// SDK 1 speaks 2025-11-25, and SDK 2 both that and 2026-07-28.
import assert from "node:assert/strict";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as Transport1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";

const [url, token] = process.argv.slice(2);
const requestInit = { headers: { authorization: `Bearer ${token}` } };
const info = { name: "clients", version: "1" };
const accept = async () => ({ action: "accept", content: { response: "mauve" } });

const clients = {
  "SDK 1": () => {
    const client = new Client1(info, { capabilities: { elicitation: {} } });
    client.setRequestHandler(ElicitRequestSchema, accept);
    return [client, new Transport1(new URL(url), { requestInit })];
  },
  "SDK 2, 2025-11-25": () => {
    const client = new Client(info, { capabilities: { elicitation: { form: {} } } });
    client.setRequestHandler("elicitation/create", accept);
    return [client, new StreamableHTTPClientTransport(new URL(url), { requestInit })];
  },
  "SDK 2, 2026-07-28": () => {
    const client = new Client(info, { capabilities: { elicitation: { form: {} } }, versionNegotiation: { mode: { pin: "2026-07-28" } } });
    client.setRequestHandler("elicitation/create", accept);
    return [client, new StreamableHTTPClientTransport(new URL(url), { requestInit })];
  },
};

const words = (result) => result.content.map((c) => c.text ?? "").join("");

for (const [name, make] of Object.entries(clients)) {
  const [client, transport] = make();
  await client.connect(transport);
  const { tools } = await client.listTools();
  assert(tools.some((t) => t.name === "echo"), `${name}: echo is not listed`);
  assert.equal(words(await client.callTool({ name: "echo", arguments: { text: "häuser" } })), "häuser");
  const asked = await client.callTool({ name: "test_elicitation", arguments: { message: "Which color?" } });
  assert.match(words(asked), /accept.*mauve/, `${name}: what the user said is not in ${JSON.stringify(asked)}`);
  const bad = await client.callTool({ name: "test_error_handling", arguments: {} });
  assert.equal(bad.isError, true, `${name}: an error of a tool is none`);
  const steps = [];
  await client.callTool({ name: "test_tool_with_progress", arguments: {} }, ...(name === "SDK 1" ? [undefined] : []), { onprogress: (p) => steps.push(p.progress) });
  assert(steps.length > 1, `${name}: ${steps.length} words of progress`);
  const read = await client.readResource({ uri: "test://static-text" });
  assert.equal(read.contents[0].uri, "test://static-text");
  const prompt = await client.getPrompt({ name: "test_prompt_with_arguments", arguments: { arg1: "one", arg2: "two" } });
  assert.match(JSON.stringify(prompt.messages), /one.*two/);
  await client.close();
  console.log(`${name}: ${tools.length} tools`);
}
