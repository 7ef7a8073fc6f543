package decide_test

import (
	"testing"

	"github.com/wattle-dev/wattle/scheduler/control"
)

const zones = `apiVersion: core.oam.dev/v1beta1
kind: Application
metadata: {name: shop, annotations: {}}
spec:
  components:
    - name: web
      type: component
      properties: {image: ./web.wasm}
      traits:
        - type: spreadscaler
          properties:
            instances: 4
            spread:
              - {name: near, weight: 1, requirements: {zone: a}}
              - {name: far, weight: 1, requirements: {zone: x}}
`

// A share without a host is named, though the only host there is was chosen for another.
func TestShareWithoutHost(t *testing.T) {
	w := newWorld(t, 1)
	w.app(&control.PutApp{Manifest: zones, Digests: map[string]string{"./web.wasm": digest(1)}, Deploy: true, By: "test"})
	w.settle(works)
	part := w.status("shop").Parts[0]
	if part.Phase != control.AppDegraded || part.Reason != `2 instances have found no host: none does for share "far", which wants zone=x` {
		t.Errorf("%s: %s", part.Phase, part.Reason)
	}
	if len(part.Hosts) != 1 || part.Hosts[0].Share != "near" {
		t.Errorf("hosts %+v", part.Hosts)
	}
}

// What is on a host that is lost, and finds no other, waits: it is not on its way there.
func TestLostAndNowhereElse(t *testing.T) {
	w := newWorld(t, 1)
	w.app(&control.PutApp{Manifest: zones, Digests: map[string]string{"./web.wasm": digest(1)}, Deploy: true, By: "test"})
	w.settle(works)
	for range 10 { // nothing is heard of the host
		w.now += 1000
		w.lead.Beat(w.now)
		w.rounds()
	}
	part := w.status("shop").Parts[0]
	if part.Phase != control.AppWaiting || part.Ready != 0 {
		t.Errorf("%s, %d ready: %s", part.Phase, part.Ready, part.Reason)
	}
	for _, at := range part.Hosts {
		if at.State != "" || at.Leaving == "" {
			t.Errorf("host %+v", at)
		}
	}
}
