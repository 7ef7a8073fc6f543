// Reads a JSON array of WebAssembly texts on standard input and writes an array
// of {"wasm": base64} or {"error": text} on standard output.
import { parse } from "@bytecodealliance/jco-transpile/wasm-tools";

let input = "";
for await (const chunk of process.stdin.setEncoding("utf8")) input += chunk;

const out = [];
for (const text of JSON.parse(input)) {
	try {
		out.push({ wasm: Buffer.from(await parse(text)).toString("base64") });
	} catch (e) {
		out.push({ error: String(e.payload ?? e) });
	}
}
process.stdout.write(JSON.stringify(out));
