// Makes WASI 0.2 components of core modules that were built for WASI preview 1,
// with the adapter that ships with jco.
//
//	node adapt.mjs command|reactor (core.wasm component.wasm)...
//
// What a module cannot be made a component for is printed on standard error,
// after its name; the others are made all the same.
import { readFileSync, writeFileSync } from "node:fs";
import { componentNew } from "@bytecodealliance/jco-transpile/wasm-tools";

const [kind, ...files] = process.argv.slice(2);
if (!["command", "reactor"].includes(kind) || files.length === 0 || files.length % 2) {
  console.error("usage: node adapt.mjs command|reactor (core.wasm component.wasm)...");
  process.exit(2);
}

const lib = new URL("./node_modules/@bytecodealliance/jco/lib/", import.meta.url);
const adapter = readFileSync(new URL(`wasi_snapshot_preview1.${kind}.wasm`, lib));
for (let i = 0; i < files.length; i += 2) {
  try {
    writeFileSync(files[i + 1], await componentNew(readFileSync(files[i]), [["wasi_snapshot_preview1", adapter]]));
  } catch (e) {
    console.error(`${files[i]}: ${e.payload ?? e}`);
    process.exitCode = 1;
  }
}
