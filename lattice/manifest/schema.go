package manifest

import (
	_ "embed" // the schema
	"slices"
)

//go:embed schema.json
var schema []byte

// Schema returns the JSON Schema of manifests, draft 2020-12, for editors. It finds
// what is of the wrong form; whether the parts fit together is for Parse to say.
func Schema() []byte { return slices.Clone(schema) }
