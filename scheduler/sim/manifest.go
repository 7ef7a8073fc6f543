package sim

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/scheduler/control"
)

// shape is what a manifest says.
type shape struct {
	app        string
	version    string
	components []part
	// volume is the directory of hosts that the first component is linked to, if it is.
	volume string
}

// part is a component of a manifest.
type part struct {
	name   string
	image  string
	traits []string // as YAML, in the order of the text
}

// text returns the manifest.
func (s *shape) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: core.oam.dev/v1beta1\nkind: Application\nmetadata:\n  name: %s\n  annotations:\n    version: %s\nspec:\n  components:\n", s.app, s.version)
	if s.volume != "" {
		fmt.Fprintf(&b, "    - name: files\n      type: capability\n      properties:\n        image: wattle://filesystem\n")
		s.components[0].traits = append(s.components[0].traits,
			fmt.Sprintf("{type: link, properties: {namespace: wasi, package: filesystem, interfaces: [types, preopens], target: {name: files, config: [{name: %s-files, properties: {/data: \"volume:%s\"}}]}}}", s.app, s.volume))
	}
	for _, c := range s.components {
		fmt.Fprintf(&b, "    - name: %s\n      type: component\n      properties:\n        image: %s\n      traits:\n", c.name, c.image)
		for _, t := range c.traits {
			fmt.Fprintf(&b, "        - %s\n", t)
		}
	}
	return b.String()
}

// manifest returns a command with a manifest of a random shape: another version of an
// application, or its first.
func (o *operator) manifest(app string) *control.PutApp {
	w := o.w
	o.versions++
	s := shape{app: app, version: fmt.Sprintf("v%d", o.versions)}
	cmd := &control.PutApp{Digests: map[string]string{}, Deploy: true, By: "operator"}
	kind := good
	if o.established[app] && w.chance(0.3) {
		kind = []binary{broken, sick}[w.rand.IntN(2)]
	}
	n := 1 + len(app)%2
	for i := range n {
		p := part{name: fmt.Sprintf("c%d", i)}
		k := good
		if i == 0 {
			k = kind
		}
		p.image = o.image(cmd.Digests, k)
		p.traits = o.traits(i, n)
		s.components = append(s.components, p)
	}
	if w.chance(0.4) {
		s.volume = []string{"a", "b"}[w.rand.IntN(2)]
	}
	if w.chance(0.35) && o.shapes[app] != nil {
		// What it was, but for what it is given.
		was := *o.shapes[app]
		was.version = s.version
		if was.volume == "" || w.chance(0.5) {
			was.volume = []string{"a", "b", noVolume}[w.rand.IntN(3)]
		} else {
			was.volume = noVolume
		}
		s = was
		clear(cmd.Digests)
		for _, c := range s.components {
			cmd.Digests[c.image] = o.known[c.image]
		}
	}
	for _, c := range s.components {
		o.known[c.image] = cmd.Digests[c.image]
	}
	plain := s
	plain.components = slices.Clone(s.components)
	for i := range plain.components {
		plain.components[i].traits = slices.Clip(slices.Clone(s.components[i].traits))
	}
	o.shapes[app] = &plain
	o.established[app] = true
	cmd.Manifest = s.text()
	return cmd
}

// image returns the image of a binary, an old one now and then.
func (o *operator) image(digests map[string]string, kind binary) string {
	if kind == good && len(o.images) > 0 && o.w.chance(0.4) {
		image := o.images[o.w.rand.IntN(len(o.images))]
		digests[image] = o.digests[image]
		return image
	}
	image := fmt.Sprintf("registry.example/part:%d", len(o.w.binaries)+1)
	digests[image] = o.w.digest(kind)
	if kind == good {
		if o.digests == nil {
			o.digests = map[string]string{}
		}
		o.images, o.digests[image] = append(o.images, image), digests[image]
	}
	return image
}

// traits returns the traits of the component number i of n.
func (o *operator) traits(i, n int) []string {
	w := o.w
	var all []string
	instances := 1 + w.rand.IntN(8)
	switch w.rand.IntN(5) {
	case 0:
		all = append(all, fmt.Sprintf("{type: daemonscaler, properties: {instances: %d, spread: [{name: here, requirements: {zone: a}}, {name: there, requirements: {zone: b}}]}}", 1+w.rand.IntN(3)))
	case 1:
		all = append(all, fmt.Sprintf("{type: spreadscaler, properties: {instances: %d, spread: [{name: a, weight: %d, requirements: {zone: a}}, {name: b, weight: 50, requirements: {zone: b}}]}}", instances, 10+w.rand.IntN(90)))
	default:
		all = append(all, fmt.Sprintf("{type: spreadscaler, properties: {instances: %d}}", instances))
	}
	if w.chance(0.5) {
		unavailable := []string{"1", "2", `"50%"`}[w.rand.IntN(3)]
		canary := ""
		if w.chance(0.25) {
			canary = fmt.Sprintf(", canary: {weight: %d, hold: %ds}", 10+w.rand.IntN(50), 1+w.rand.IntN(10))
		}
		all = append(all, fmt.Sprintf("{type: rollout.wattle.dev, properties: {rollout: {maxUnavailable: %s, deadline: %ds%s}}}", unavailable, 5+w.rand.IntN(20), canary))
	}
	var rules []string
	if w.chance(0.2) {
		rules = append(rules, []string{"group: edge", "group: default", "labels: {zone: c}", "hosts: 2", fmt.Sprintf("priority: %d", w.rand.IntN(3))}[w.rand.IntN(5)])
	}
	if w.chance(0.3) {
		rules = append(rules, []string{"disconnected: 2s", "disconnected: 6s"}[w.rand.IntN(2)])
	}
	if len(rules) > 0 {
		all = append(all, fmt.Sprintf("{type: placement.wattle.dev, properties: {rules: {%s}}}", strings.Join(rules, ", ")))
	}
	if w.chance(0.25) {
		all = append(all, fmt.Sprintf("{type: resources.wattle.dev, properties: {request: {memory: %dMiB}}}", 64<<w.rand.IntN(4)))
	}
	if i == 0 && n > 1 {
		all = append(all, "{type: link, properties: {namespace: sim, package: test, interfaces: [call], target: {name: c1}}}")
	}
	return all
}
