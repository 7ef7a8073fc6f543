package decide

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
)

// maxUsing bounds the applications and components that a note names.
const maxUsing = 5

// noteUsers says in the answer who calls what an application has that goes.
func (d *decider) noteUsers(app lattice.AppName) {
	names := map[lattice.ComponentID]string{}
	for c := range d.s.ComponentsOf(app) {
		names[c.ID] = c.Name
	}
	for p := range d.s.ProvidersOf(app) {
		names[p.ID] = p.Name
	}
	users := map[lattice.ComponentID]map[string]bool{}
	uses := func(who string, l *lattice.Link) {
		target := lattice.ComponentID(l.Target)
		if names[target] == "" {
			return
		}
		if users[target] == nil {
			users[target] = map[string]bool{}
		}
		users[target][who] = true
	}
	for c := range d.s.Components() {
		if c.App == app {
			continue
		}
		r := c.TargetRevision()
		for i := range r.Links {
			uses(fmt.Sprintf("application %q", c.App), &r.Links[i])
		}
	}
	for l := range d.s.Links() {
		if l.App != app {
			uses(fmt.Sprintf("the link %q of component %q", l.Name, l.Source), &l.Link)
		}
	}
	for _, target := range slices.Sorted(maps.Keys(users)) {
		who := slices.Sorted(maps.Keys(users[target]))
		if more := len(who) - maxUsing; more > 0 {
			who = append(who[:maxUsing], fmt.Sprintf("%d more", more))
		}
		d.note(fmt.Sprintf("component %q of it is still used by %s: their calls fail until it is deployed again", names[target], strings.Join(who, ", ")))
	}
}
