// Runs the calls of golden.json on calc.wasm under jco, and compares.

import { transpile } from "@bytecodealliance/jco-transpile";
import { deepStrictEqual } from "node:assert";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";

if (process.versions.node.startsWith("20.")) {
  // QuickJS is linked with extended constant expressions, a flag in Node 20.
  setFlagsFromString("--experimental-wasm-extended-const");
}

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

async function instantiate() {
  const { files } = await transpile(path("calc.wasm"), {
    name: "calc",
    instantiation: "sync",
    noTypescript: true,
    base64Cutoff: 0,
  });
  const dir = await mkdtemp(join(tmpdir(), "calc-"));
  try {
    const file = join(dir, "calc.mjs");
    await writeFile(file, files[Object.keys(files).find((name) => basename(name) === "calc.js")]);
    const { instantiate } = await import(pathToFileURL(file));
    const core = (name) =>
      new WebAssembly.Module(files[Object.keys(files).find((file) => basename(file) === name)]);
    return instantiate(core, {});
  } finally {
    await rm(dir, { recursive: true });
  }
}

const { ops } = await instantiate();
const handles = new Map();

// golden.json writes values as README.md says. These turn them into the values
// of jco's bindings and back, where the two differ.

const camelCase = (name) => name.replace(/-./g, (dash) => dash[1].toUpperCase());
const flags = (names) => Object.fromEntries(names.map((name) => [name, true]));
const flagNames = (set) => Object.keys(set).filter((name) => set[name]);

const arguments_ = {
  divide: ([dividend, divisor]) => [BigInt(dividend), BigInt(divisor)],
  mean: ([xs]) => [xs.map(float)],
  round: ([x, mode]) => [float(x), mode],
  describe: ([article]) => [{
    ...article,
    id: BigInt(article.id),
    balance: BigInt(article.balance),
    rights: flags(article.rights),
  }],
  revoke: (rights) => rights.map(flags),
  checksum: ([data]) => [Uint8Array.from(data)],
};

const results = {
  describe: (summary) => ({ ...summary, rights: flagNames(summary.rights) }),
  revoke: flagNames,
};

/** float reads the numbers that JSON does not have. */
function float(value) {
  return { nan: NaN, inf: Infinity, "-inf": -Infinity }[value] ?? value;
}

/** plain turns what is left into JSON. */
function plain(value) {
  if (typeof value === "bigint") {
    return Number(value);
  }
  if (value === Infinity) {
    return "inf";
  }
  if (value === undefined) {
    return null;
  }
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    return Array.from(value, plain);
  }
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value).map(([name, field]) => [name, plain(field)]);
    // A case without a payload has no `val`.
    return Object.fromEntries(fields.filter(([name, field]) => name !== "val" || field !== null));
  }
  return value;
}

function call(func, args) {
  const [, kind, resource, method] = /^(?:\[(\w+)\](\w+)(?:\.([\w-]+))?)?/.exec(func);
  switch (kind) {
    case "constructor":
      return new ops.Accumulator(...args);
    case "method":
      return args[0][camelCase(method)](...args.slice(1));
    case "static":
      return ops.Accumulator[camelCase(method)](...args);
    default:
      return ops[camelCase(func)](...args);
  }
}

function outcome(func, args, want) {
  const fallible = want !== null && typeof want === "object" && ("ok" in want || "err" in want);
  try {
    const got = call(func, args);
    const value = plain((results[func] ?? ((x) => x))(got));
    return fallible ? { ok: value } : value;
  } catch (err) {
    if (!fallible || err instanceof Error) {
      throw err;
    }
    return { err: plain(err) };
  }
}

const golden = JSON.parse(await readFile(path("golden.json"), "utf8"));
let failed = 0;
for (const { func, args: json, want, as } of golden) {
  const args = (arguments_[func] ?? ((x) => x))(json).map((arg) =>
    arg?.handle === undefined ? arg : handles.get(arg.handle));
  try {
    if (as !== undefined) {
      handles.set(as, call(func, args));
    } else {
      deepStrictEqual(outcome(func, args, want), want);
    }
  } catch (err) {
    failed++;
    console.error(`${func}(${JSON.stringify(json)}): ${err.message}`);
  }
}
console.log(`${golden.length - failed} of ${golden.length} calls are right`);
process.exitCode = failed === 0 ? 0 : 1;
