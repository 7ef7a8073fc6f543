// Stands in for Zod 3 and its conversion to JSON Schema; see build.mjs. The SDK
// calls these for a schema that is not of Zod 4.

function unsupported(): never {
  throw new Error("schemas of Zod 3 are not supported: use Zod 4");
}

export { unsupported as object, unsupported as zodToJsonSchema };
