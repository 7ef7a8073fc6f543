// Builds calc.wasm: QuickJS, the program and their bindings to wit/calc.wit.

import { componentize } from "componentize-qjs";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

const { component } = await componentize({
  witPath: path("wit"),
  jsSource: await readFile(path("src/calc.js"), "utf8"),
  world: "calculator",
  // No component-model async: the WIT has only synchronous functions.
  sync: true,
  // The program uses nothing of WASI, so neither does the component.
  stubWasi: true,
  optSize: true,
});
await writeFile(path("calc.wasm"), component);
console.log(`calc.wasm: ${component.length} bytes`);
