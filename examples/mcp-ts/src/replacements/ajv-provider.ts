// Stands in for the SDK's Ajv validator; see build.mjs. The SDK calls it only to
// check what a user entered when a tool asked them (elicitation).

export class AjvJsonSchemaValidator {
  getValidator(): never {
    throw new Error("this server does not ask its users for input");
  }
}
