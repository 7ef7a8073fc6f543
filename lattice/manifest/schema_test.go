package manifest_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/wattle-dev/wattle/lattice/manifest"
)

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(manifest.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	const url = "https://wattle.dev/schema/manifest.json"
	if err := c.AddResource(url, doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile(url)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestSchemaTakesGood(t *testing.T) {
	schema := compileSchema(t)
	for file, text := range good(t) {
		var doc any
		if err := yaml.Unmarshal(text, &doc); strings.HasSuffix(file, ".json") {
			if doc, err = jsonschema.UnmarshalJSON(bytes.NewReader(text)); err != nil {
				t.Fatal(err)
			}
		} else if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// TestSchemaRefusesBad has the manifests that are wrong in their form. In the others
// parts do not fit together, which a schema cannot say.
func TestSchemaRefusesBad(t *testing.T) {
	schema := compileSchema(t)
	archive, err := txtar.ParseFile("testdata/errors.txtar")
	if err != nil {
		t.Fatal(err)
	}
	form := strings.Fields("top.yaml metadata.yaml components.yaml links.yaml scalers.yaml shares.yaml traits.yaml shared.yaml mcp.yaml")
	tried := 0
	for _, file := range archive.Files {
		for _, name := range form {
			if file.Name != name {
				continue
			}
			tried++
			var doc any
			if err := yaml.Unmarshal(file.Data, &doc); err != nil {
				t.Fatal(err)
			}
			if schema.Validate(jsonKeys(doc)) == nil {
				t.Errorf("%s is taken", name)
			}
		}
	}
	if tried != len(form) {
		t.Errorf("%d manifests tried, want %d", tried, len(form))
	}
}

// jsonKeys leaves out keys that are no texts, which JSON has not.
func jsonKeys(v any) any {
	switch v := v.(type) {
	case map[any]any:
		m := map[string]any{}
		for k, e := range v {
			if s, ok := k.(string); ok {
				m[s] = jsonKeys(e)
			}
		}
		return m
	case map[string]any:
		for k, e := range v {
			v[k] = jsonKeys(e)
		}
	case []any:
		for i, e := range v {
			v[i] = jsonKeys(e)
		}
	}
	return v
}

// TestSchemaKeys changes a key of each of Wattle's traits, which the schema and Parse
// must both refuse: so they know the same keys.
func TestSchemaKeys(t *testing.T) {
	schema := compileSchema(t)
	text, ok := good(t)["testdata/good/traits.yaml"]
	if !ok {
		t.Fatal("no traits.yaml")
	}
	for i, line := range strings.Split(string(text), "\n") {
		key := strings.TrimLeft(line, " -")
		name, _, ok := strings.Cut(key, ":")
		if !ok || strings.HasPrefix(key, "#") || name == "zone" || strings.HasPrefix(line, "metadata") {
			continue
		}
		lines := strings.Split(string(text), "\n")
		lines[i] = strings.Replace(line, name+":", name+"q:", 1)
		changed := strings.Join(lines, "\n")
		_, err := manifest.Parse("", []byte(changed))
		var doc any
		if err := yaml.Unmarshal([]byte(changed), &doc); err != nil {
			t.Fatal(err)
		}
		if taken := schema.Validate(jsonKeys(doc)) == nil; taken != (err == nil) {
			t.Errorf("line %d %q: the schema takes it: %v, Parse says: %v", i+1, lines[i], taken, err)
		}
	}
}
