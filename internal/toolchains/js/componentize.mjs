// node componentize.mjs PACKAGE SOURCE WIT WORLD OUTPUT
import { readFile, writeFile } from "node:fs/promises";

const [name, source, witPath, worldName, output] = process.argv.slice(2);
const { componentize } = await import(name);
const { component } =
  name === "componentize-qjs"
    ? await componentize({ witPath, world: worldName, jsSource: await readFile(source, "utf8"), sync: true })
    : await componentize({ sourcePath: source, witPath, worldName });
await writeFile(output, component);
