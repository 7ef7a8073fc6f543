// Builds server.wasm in two steps: compile the TypeScript sources and their
// dependencies to small modules in dist/, then load these into the JavaScript
// engine and take a snapshot of it.
//
//	node build.mjs            server.wasm
//	node build.mjs --names    dist/server.names.wasm, with the engine's function names

import { componentize } from "@bytecodealliance/componentize-js";
import { rm, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

// Paths of modules end up in the component, so they must be relative to here.
process.chdir(fileURLToPath(new URL(".", import.meta.url)));

const names = process.argv.includes("--names");
const output = names ? "dist/server.names.wasm" : "server.wasm";

/**
 * Parts of the MCP SDK that this server does not use, each with its replacement.
 * They are a third of the code and about two megabytes of the snapshot.
 */
const replacements = {
  name: "replacements",
  resolveId: {
    filter: { id: /^zod\/v3$|^zod-to-json-schema$|\/validation\/ajv-provider\.js$/ },
    handler(id) {
      // The SDK also accepts schemas of Zod 3; those here are of Zod 4. With Ajv it
      // checks what a user enters when a tool asks for it; no tool here does.
      const name = id.startsWith("zod") ? "zod-3.ts" : "ajv-provider.ts";
      return resolve("src/replacements", name);
    },
  },
};

/**
 * Marks the schemas of the MCP protocol as free of side effects, so that those
 * which nobody uses, such as the client's, are left out.
 */
const pureSchemas = {
  name: "pure-schemas",
  transform: {
    filter: { id: /\/@modelcontextprotocol\/sdk\/dist\/esm\/types\.js$/ },
    handler(code) {
      let marked = "";
      let end = 0;
      for (const statement of this.parse(code).body) {
        const declaration = statement.declaration ?? statement;
        for (const { init } of declaration.declarations ?? []) {
          if (init != null) {
            marked += `${code.slice(end, init.start)}/* @__PURE__ */ (() => (${code.slice(init.start, init.end)}))()`;
            end = init.end;
          }
        }
      }
      return { code: marked + code.slice(end), map: null };
    },
  },
};

await rm("dist", { recursive: true, force: true });
const bundle = await rolldown({
  input: "src/component.ts",
  platform: "browser",
  transform: { target: "es2022" },
  treeshake: {
    moduleSideEffects: [{ test: /\/node_modules\/(@modelcontextprotocol\/sdk|zod)\//, sideEffects: false }],
  },
  plugins: [replacements, pureSchemas],
});
await bundle.write({
  dir: "dist",
  format: "esm",
  minify: true,
  entryFileNames: "[name].js",
  // One output module for each input module. The memory for parsing a module is
  // used again for the next one; for one large module it would be ten times as
  // large, and it is part of the snapshot.
  preserveModules: true,
  preserveModulesRoot: ".",
});
await bundle.close();

const { component } = await componentize({
  sourcePath: "dist/src/component.js",
  witPath: "wit",
  worldName: "server",
  debugBuild: names,
});
await writeFile(output, component);
console.log(`${output}: ${component.length} bytes`);
