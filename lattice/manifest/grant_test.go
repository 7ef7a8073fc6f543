package manifest_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/capability"
	"github.com/wattle-dev/wattle/lattice/manifest"
)

// TestRefused compares what is said of manifests that are in order and ask for what no
// host would grant.
func TestRefused(t *testing.T) {
	const file = "testdata/refused.txtar"
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(archive.Files); i += 2 {
		in, out := archive.Files[i], &archive.Files[i+1]
		t.Run(in.Name, func(t *testing.T) {
			m, err := manifest.Parse(in.Name, in.Data)
			if err != nil {
				t.Fatal(err)
			}
			if err = m.Refused(); !errors.Is(err, lattice.ErrInvalid) {
				t.Fatalf("%v, want ErrInvalid", err)
			}
			if *update {
				out.Data = []byte(err.Error() + "\n")
			}
			if diff := cmp.Diff(string(out.Data), err.Error()+"\n"); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(archive), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// A manifest with nothing of that kind is refused nothing.
func TestNotRefused(t *testing.T) {
	m, err := manifest.Parse("app.yaml", []byte(`apiVersion: core.oam.dev/v1beta1
kind: Application
metadata: {name: app, annotations: {}}
spec:
  policies:
    - {name: own, type: policy.secret.wasmcloud.dev/v1alpha1, properties: {backend: wattle}}
  components:
    - name: front
      type: component
      properties:
        image: x
        secrets: [{name: db password, properties: {policy: own, key: db-password, version: "3"}}]
      traits:
        - type: limits.wattle.dev
          properties:
            limits: {tables: 1000, request: 1MiB, response: 2MiB, hostCalls: 5000, logRate: 64KiB, connections: 4, clockResolution: 250us}
        - type: link
          properties:
            namespace: wasi
            package: http
            interfaces: [outgoing-handler]
            target:
              name: http
              config:
                - name: in-the-lattice
                - {name: rules, properties: {allow: GET https://api.example.com/, header.authorization: "Bearer ${secret:token}"}}
    - name: http
      type: capability
      properties:
        image: wattle://httpclient
        secrets: [{name: token, properties: {policy: own, key: token}}]
`))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Refused(); err != nil {
		t.Error(err)
	}
	if len(m.Warnings) > 0 {
		t.Error(m.Warnings)
	}
	want := lattice.Limits{TableElements: 1000, RequestBytes: 1 << 20, ResponseBytes: 2 << 20, HostCalls: 5000, LogBytesPerSecond: 64 << 10, Connections: 4, ClockResolutionMicros: 250}
	if diff := cmp.Diff(want, m.Components[0].Limits); diff != "" {
		t.Errorf("limits (-want +got):\n%s", diff)
	}
}

// What depends on a configuration that is not in the manifest is a warning, and for the
// scheduler to judge.
func TestPartlyKnown(t *testing.T) {
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
          properties:
            namespace: wasi
            package: http
            interfaces: [outgoing-handler]
            target: {name: http, config: [{name: in-the-lattice}]}
    - name: http
      type: capability
      properties:
        image: wattle://httpclient
        config: [{name: all, properties: {max-requests: many}}]
`))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Refused(); err != nil {
		t.Error(err)
	}
	const want = `app.yaml:20:57: spec.components[1].properties.config[0].properties.max-requests: wattle://httpclient, as far as the manifest alone says: "many", want a number from 1 to 4096`
	if len(m.Warnings) != 1 || m.Warnings[0].Error() != want {
		t.Errorf("%v, want %s", m.Warnings, want)
	}
}

// TestCapabilityManifests has each capability's example be one that is not refused.
func TestCapabilityManifests(t *testing.T) {
	for _, k := range capability.All() {
		part, trait, ok := strings.Cut(k.Manifest("front"), "and in the traits of a component:\n")
		if !ok {
			part, trait, _ = strings.Cut(part, "with the trait:\n")
		}
		trait, _, _ = strings.Cut(trait, "and to spec.policies")
		indented := "      traits:\n" + strings.ReplaceAll("\n"+strings.TrimSuffix(trait, "\n"), "\n", "\n      ")[1:] + "\n"
		front := "  - name: front\n    type: component\n    properties: {image: x}\n"
		text := "apiVersion: core.oam.dev/v1beta1\nkind: Application\nmetadata: {name: app, annotations: {}}\nspec:\n  policies:\n" +
			"    - {name: secrets, type: policy.secret.wasmcloud.dev/v1alpha1, properties: {backend: wattle}}\n  components:\n"
		if ok {
			text += deeper(part) + deeper(front) + indented
		} else {
			text += deeper(front) + deeper(part) + indented
		}
		m, err := manifest.Parse(k.Name+".yaml", []byte(text))
		if err == nil {
			err = m.Refused()
		}
		if err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	}
}

// deeper indents lines by two.
func deeper(s string) string {
	return "  " + strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n  ") + "\n"
}
