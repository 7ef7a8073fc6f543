package manifest_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/lattice/manifest"
	"github.com/wattle-dev/wattle/wit"
)

func TestCheckImports(t *testing.T) {
	m, err := manifest.Parse("app.yaml", []byte(`apiVersion: core.oam.dev/v1beta1
kind: Application
metadata: {name: app, annotations: {}}
spec:
  components:
    - name: front
      type: component
      properties: {image: x}
      traits:
        - type: link
          properties: {namespace: shop, package: stock, interfaces: [levels, orders], target: {name: stock}}
        - type: link
          properties: {namespace: wasi, package: http, interfaces: [types], target: {name: stock}}
        - type: link
          properties: {namespace: wasi, package: keyvalue, interfaces: [store], target: {name: kv}}
        - type: link
          properties: {namespace: not, package: used, interfaces: [here], target: {name: stock}}
        - type: link
          properties: {namespace: shop, package: bill, interfaces: [send], target: {name: stock}}
        - type: link
          properties: {namespace: shop, package: bill, interfaces: [print], target: {name: stock}}
        - type: routes.wattle.dev
          properties: {routes: [{path: /}]}
    - name: stock
      type: component
      properties: {image: x}
    - name: bills
      type: component
      properties: {image: x}
    - name: unknown
      type: component
      properties: {image: x}
      traits:
        - type: link
          properties: {namespace: wasi, package: http, interfaces: [outgoing-handler], target: {name: http}}
    - name: kv
      type: capability
      properties: {image: x}
    - name: http
      type: capability
      properties: {image: "wattle://httpclient"}
`))
	if err != nil {
		t.Fatal(err)
	}
	served := func(name string) (wit.InterfaceID, bool) {
		return wit.InterfaceID{Namespace: "wasi", Package: "http", Name: "types", Version: "0.2.8"}, strings.HasPrefix(name, "wasi:http/types@0.2.")
	}
	warnings, err := m.CheckImports(served, map[string]manifest.Interfaces{
		"front": {Imports: []string{
			"shop:stock/levels@1.2.0", "shop:stock/orders@2.0.0", "shop:mail/send", "shop:stock/returns@1.0.0", "shop:bill/send", "shop:bill/print",
			"wasi:http/types@0.2.3", "wasi:keyvalue/store@0.2.0", "wasi:logging/logging", "wasi:http/outgoing-handler@0.2.3", "a-function",
		}},
		"stock": {Exports: []string{"shop:stock/levels@1.3.0", "shop:stock/orders@1.0.0", "shop:stock/returns@1.1.0"}},
		"bills": {Exports: []string{"shop:bill/send"}},
		// Links are for all versions, and hosts have some.
		"unknown": {Imports: []string{"wasi:http/outgoing-handler@0.3.0", "wasi:http/types@0.2.0"}},
	})
	if err == nil {
		t.Fatal("no error")
	}
	var b strings.Builder
	for _, w := range warnings {
		b.WriteString(w.Error() + "\n")
	}
	want := `app.yaml:6:7: spec.components[0]: "front" has routes or an HTTP probe, and does not export wasi:http/incoming-handler
app.yaml:6:7: spec.components[0]: component "front" imports "shop:mail/send", and is not linked to anything that serves it; link it to a component that exports it: add to its traits in the manifest
  - type: link
    properties:
      namespace: shop
      package: mail
      interfaces: [send]
      target:
        name: TARGET
app.yaml:6:7: spec.components[0]: "front" imports "shop:stock/orders@2.0.0", and "stock" exports "shop:stock/orders@1.0.0": the versions are not compatible
app.yaml:6:7: spec.components[0]: component "front" imports "shop:stock/returns@1.0.0", and is not linked to anything that serves it; link it to "stock", which exports it: add to its traits in the manifest
  - type: link
    properties:
      namespace: shop
      package: stock
      interfaces: [returns]
      target:
        name: stock
app.yaml:6:7: spec.components[0]: "front" is linked to "stock" for "shop:bill/print", which that does not export; link it to a component that does
app.yaml:6:7: spec.components[0]: "front" is linked to "stock" for "shop:bill/send", which that does not export; link it to "bills"
app.yaml:6:7: spec.components[0]: component "front" imports "wasi:http/outgoing-handler@0.2.3", and is not linked to anything that serves it; link it to wattle://httpclient: add to spec.components of the manifest
  - name: httpclient
    type: capability
    properties: {image: wattle://httpclient}
and to the traits of the component
  - type: link
    properties:
      namespace: wasi
      package: http
      interfaces: [outgoing-handler]
      target:
        name: httpclient
        config:
          - name: front-httpclient
            properties:
              allow: "GET https://api.example.com/v1/"
app.yaml:6:7: spec.components[0]: "front" imports "wasi:logging/logging", which hosts of this version of Wattle do not serve; build it for a version that they have: ` + "`" + `wattle wit` + "`" + ` prints them
app.yaml:30:7: spec.components[3]: "unknown" imports "wasi:http/outgoing-handler@0.3.0", which hosts of this version of Wattle do not serve; build it for a version that they have: ` + "`" + `wattle wit` + "`" + ` prints them
app.yaml:6:7: spec.components[0]: "front" is linked to "stock" for "wasi:http/types@0.2.3", which hosts serve themselves as "wasi:http/types@0.2.8"; delete the link
app.yaml:6:7: spec.components[0]: "front" imports nothing of its link to "stock": not:used [here]
`
	if diff := cmp.Diff(sortLines(want), sortLines(err.Error()+"\n"+b.String())); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// sortLines cuts before each message, whose order is that in which they were found.
func sortLines(s string) []string {
	list := strings.Split("\n"+strings.TrimSpace(s), "\napp.yaml")
	slices.Sort(list)
	return list
}

// TestExamplesFit checks what the examples' components import against their links.
func TestExamplesFit(t *testing.T) {
	files, err := filepath.Glob("../../examples/*/wattle.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d manifests, %v", len(files), err)
	}
	var linker component.Linker
	if err := wasi.Define(&linker); err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m, err := manifest.Parse(file, text)
		if err != nil {
			t.Fatal(err)
		}
		of := map[string]manifest.Interfaces{}
		for i := range m.Components {
			wasm, err := os.ReadFile(filepath.Join(filepath.Dir(file), m.Components[i].Image))
			if err != nil {
				t.Fatal(err)
			}
			about, err := component.Describe(wasm)
			if err != nil {
				t.Fatal(err)
			}
			var known manifest.Interfaces
			for _, e := range about.Imports {
				known.Imports = append(known.Imports, e.Name)
			}
			for _, e := range about.Exports {
				known.Exports = append(known.Exports, e.Name)
			}
			of[m.Components[i].Name] = known
		}
		warnings, err := m.CheckImports(linker.Serves, of)
		if err != nil || len(warnings) > 0 {
			t.Errorf("%s: %v %v", file, warnings, err)
		}
	}
}

func TestCheckServers(t *testing.T) {
	for _, c := range []struct{ kind, export, want string }{
		{"http", "wasi:http/incoming-handler@0.2.3", ""},
		{"http", "a:b/c", `"a" is an MCP server of kind "http", and exports nothing of wasi:http/incoming-handler; leave out the kind, or name that of what it exports`},
		{"wattle", "wattle:mcp/tools@0.1.0", ""},
		{"wattle", "wasi:http/incoming-handler@0.2.3", "exports nothing of wattle:mcp;"},
		{"wasmcp", "wasmcp:mcp-v20251125/tools@0.1.1", ""},
		{"wasmcp", "a:b/c", "exports nothing of wasmcp:mcp-;"},
		{"strict", "a:b/c", ""},
		{"null", "a:b/c", ""},
	} {
		m, err := manifest.Parse("app.yaml", []byte(`apiVersion: core.oam.dev/v1beta1
kind: Application
metadata: {name: app, annotations: {}}
spec:
  components:
    - name: a
      type: component
      properties: {image: x}
      traits:
        - type: mcp.wattle.dev
          properties: {server: {name: a, kind: `+c.kind+`}}
`))
		if err != nil {
			t.Fatal(err)
		}
		_, err = m.CheckImports(func(string) (wit.InterfaceID, bool) { return wit.InterfaceID{}, false }, map[string]manifest.Interfaces{"a": {Exports: []string{c.export}}})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("kind %s with %s: %v, want %q", c.kind, c.export, err, c.want)
		}
	}
}
