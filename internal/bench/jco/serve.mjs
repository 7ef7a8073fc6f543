// Serves a wasi:http/incoming-handler component under jco on a loopback port:
//
//	node serve.mjs [--allow-egress] component.wasm
//
// It prints one line, the base URL, when it is ready, and stops when its
// standard input ends or on SIGTERM.
//
// The core modules are compiled once and shared. Every request gets an instance
// of its own, because a component built from JavaScript can answer only one.
// Instances run one after another: jco's synchronous calls block the thread.

import { transpile } from "@bytecodealliance/jco-transpile";
import { HTTPServer, types } from "@bytecodealliance/preview2-shim/http";
import { WASIShim } from "@bytecodealliance/preview2-shim/instantiation";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const { Fields, OutgoingBody, OutgoingResponse, ResponseOutparam } = types;

/**
 * load transpiles the component, compiles its core modules and returns a
 * function that makes a new instance.
 */
async function load(path, imports) {
  const { files } = await transpile(path, {
    name: "component",
    instantiation: "sync",
    wasiShim: false,
    noTypescript: true,
    base64Cutoff: 0,
  });
  const modules = new Map();
  let source;
  for (const [name, bytes] of Object.entries(files)) {
    if (extname(name) === ".wasm") {
      modules.set(basename(name), await WebAssembly.compile(bytes));
    } else if (basename(name) === "component.js") {
      source = bytes;
    }
  }
  const { instantiate } = await importSource(source);
  return () => instantiate((name) => modules.get(name), imports);
}

/** importSource imports generated JavaScript, which needs a file name to be debuggable. */
async function importSource(source) {
  const dir = await mkdtemp(join(tmpdir(), "bench-jco-"));
  try {
    const file = join(dir, "component.mjs");
    await writeFile(file, source);
    return await import(pathToFileURL(file));
  } finally {
    await rm(dir, { recursive: true });
  }
}

/** sandboxed returns the WASI imports: no files, no environment and, by default, no egress. */
function sandboxed(allowEgress) {
  const imports = new WASIShim({ sandbox: { preopens: {}, env: {}, args: ["component"] } }).getImportObject();
  if (!allowEgress) {
    imports["wasi:http/outgoing-handler"] = {
      handle() {
        throw { tag: "HTTP-request-denied" };
      },
    };
  }
  return imports;
}

/** handlerOf returns the exported handler, whichever 0.2.x version it has. */
function handlerOf(exports) {
  for (const [name, instance] of Object.entries(exports)) {
    if (/^wasi:http\/incoming-handler@0\.2\.\d+$/.test(name)) {
      return instance;
    }
  }
  throw new Error("the component does not export wasi:http/incoming-handler@0.2");
}

// Three valid ways to answer make the shim's server fail, so they are turned
// into answers it can send: an error in place of a response (the process would
// exit), a response whose body the guest did not take (a TypeError), and no
// answer at all (the client would wait for ever).
let answered = false;
const taken = new WeakSet();
const takeBody = OutgoingResponse.prototype.body;
OutgoingResponse.prototype.body = function () {
  taken.add(this);
  return takeBody.call(this);
};
const setResponse = ResponseOutparam.set;
ResponseOutparam.set = (out, result) => {
  answered = true;
  const response = result.tag === "ok" ? result.val : emptyResponse(502);
  if (result.tag === "err") {
    console.error("the component answered with an error:", result.val);
  }
  const body = taken.has(response) ? undefined : response.body();
  setResponse(out, { tag: "ok", val: response });
  if (body !== undefined) {
    OutgoingBody.finish(body, undefined);
  }
};

function emptyResponse(status) {
  const response = new OutgoingResponse(new Fields());
  response.setStatusCode(status);
  return response;
}

const { values, positionals } = parseArgs({
  options: { "allow-egress": { type: "boolean", default: false } },
  allowPositionals: true,
});
if (positionals.length !== 1) {
  console.error("usage: node serve.mjs [--allow-egress] component.wasm");
  process.exit(2);
}

const instantiate = await load(positionals[0], sandboxed(values["allow-egress"]));
handlerOf(instantiate());

const server = new HTTPServer({
  handle(request, out) {
    answered = false;
    try {
      handlerOf(instantiate()).handle(request, out);
    } catch (err) {
      // A trap ends the instance, not the server.
      console.error(err);
    }
    if (!answered) {
      ResponseOutparam.set(out, { tag: "ok", val: emptyResponse(502) });
    }
  },
});
server.listen(0, "127.0.0.1");
console.log(`http://127.0.0.1:${server.address().port}`);

process.on("SIGTERM", () => process.exit(0));
process.stdin.on("end", () => process.exit(0)).resume();
