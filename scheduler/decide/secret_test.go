package decide_test

import (
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/scheduler/control"
)

// What has secrets runs without them; who deploys it is told, and so is who asks how it
// is doing.
func TestSecrets(t *testing.T) {
	text := `apiVersion: core.oam.dev/v1beta1
kind: Application
metadata: {name: vault, annotations: {version: v1}}
spec:
  policies:
    - name: backend
      type: policy.secret.wasmcloud.dev/v1alpha1
      properties: {backend: nats-kv}
  components:
    - name: x
      type: component
      properties:
        image: ./x.wasm
        secrets:
          - {name: password, properties: {policy: backend, key: pass}}
      traits:
        - {type: spreadscaler, properties: {instances: 1}}
    - name: y
      type: component
      properties: {image: ./x.wasm}
      traits:
        - {type: spreadscaler, properties: {instances: 1}}
`
	w := newWorld(t, 1)
	r := w.app(&control.PutApp{Manifest: text, Digests: map[string]string{"./x.wasm": digest(1)}, Deploy: true})
	const without = `secrets are not handed out by this version of Wattle: it runs without "password"`
	if all := strings.Join(r.Notes, "\n"); strings.Count(all, without) != 1 || !strings.Contains(all, `component "x": `+without) {
		t.Errorf("notes of the deployment: %q", r.Notes)
	}
	w.settle(works)
	s := w.status("vault")
	if s.Phase != control.AppReady {
		t.Errorf("phase %q, %s", s.Phase, s.Reason)
	}
	for _, p := range s.Parts {
		if want := map[string]string{"x": without}[p.Name]; p.Reason != want {
			t.Errorf("part %q: %q, want %q", p.Name, p.Reason, want)
		}
	}
}
