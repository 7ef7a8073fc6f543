// Wraps a core module that Go built into a WASI 0.2 component.
//
//	node wrap.mjs world.wit core.wasm component.wasm
//
// world.wit holds one package with one world. The WASI packages it refers to
// are those that ship with jco, and so match jco's preview 1 adapter; they are
// appended as nested packages.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { componentEmbed, componentNew } from "@bytecodealliance/jco-transpile/wasm-tools";

const jco = new URL("./node_modules/@bytecodealliance/jco/lib/", import.meta.url);
const wasiVersion = "0.2.12";

function nested(text) {
  const [, head, body] = text.match(/^package ([^;]+);([\s\S]*)$/);
  return `package ${head} {${body}}\n`;
}

const [witFile, coreFile, componentFile] = process.argv.slice(2);
if (!componentFile) {
  console.error("usage: node wrap.mjs world.wit core.wasm component.wasm");
  process.exit(2);
}

const dir = new URL(`wit/builtin/${wasiVersion}/`, jco);
const wasi = readdirSync(dir)
  .sort()
  .map((name) => nested(readFileSync(new URL(`${name}/package.wit`, dir), "utf8")));
const witSource = [readFileSync(witFile, "utf8"), ...wasi].join("\n");

const embedded = await componentEmbed({ binary: readFileSync(coreFile), witSource });
const adapter = readFileSync(new URL("wasi_snapshot_preview1.reactor.wasm", jco));
writeFileSync(componentFile, await componentNew(embedded, [["wasi_snapshot_preview1", adapter]]));
