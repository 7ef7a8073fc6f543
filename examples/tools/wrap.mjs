// Wraps a core module that Go built into a WASI 0.2 component.
//
//	node wrap.mjs world.wit core.wasm component.wasm
//
// world.wit holds one package with one world. The WASI packages it refers to
// are those that ship with jco, and so match jco's preview 1 adapter; of the
// proposals, which are not part of WASI 0.2, those that it names are taken from
// wit/deps/wasi-draft, and Wattle's own from wit/deps/wattle. They are appended as
// nested packages.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { componentEmbed, componentNew } from "@bytecodealliance/jco-transpile/wasm-tools";

const jco = new URL("./node_modules/@bytecodealliance/jco/lib/", import.meta.url);
const proposals = ["wasi-draft", "wattle"].map((dir) => new URL(`../../wit/deps/${dir}/`, import.meta.url));
const wasiVersion = "0.2.12";

function nested(text) {
  const [, head, body] = text.match(/^package ([^;]+);([\s\S]*)$/m);
  return `package ${head} {${body}}\n`;
}

// proposed is the proposals that a world names with their versions.
function proposed(world) {
  return proposals
    .flatMap((dir) => readdirSync(dir).sort().map((name) => new URL(name, dir)))
    .filter((url) => url.pathname.endsWith(".wit"))
    .map((url) => readFileSync(url, "utf8"))
    .filter((text) => {
      const [, name, version] = text.match(/^package ([^;@]+)@([^;]+);/m) ?? [];
      return world.split("\n").some((line) => line.includes(`${name}/`) && line.includes(`@${version};`));
    });
}

const [witFile, coreFile, componentFile] = process.argv.slice(2);
if (!componentFile) {
  console.error("usage: node wrap.mjs world.wit core.wasm component.wasm");
  process.exit(2);
}

const dir = new URL(`wit/builtin/${wasiVersion}/`, jco);
const world = readFileSync(witFile, "utf8");
const wasi = readdirSync(dir)
  .sort()
  .map((name) => readFileSync(new URL(`${name}/package.wit`, dir), "utf8"));
const witSource = [world, ...[...wasi, ...proposed(world)].map(nested)].join("\n");

const embedded = await componentEmbed({ binary: readFileSync(coreFile), witSource });
const adapter = readFileSync(new URL("wasi_snapshot_preview1.reactor.wasm", jco));
writeFileSync(componentFile, await componentNew(embedded, [["wasi_snapshot_preview1", adapter]]));
