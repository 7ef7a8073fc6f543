package decide

import (
	"fmt"
	"iter"
	"maps"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/state"
)

func (d *decider) putConfig(c *control.PutConfig) error {
	result := &control.Result{}
	d.d.Result = result
	values := c.Values
	if values == nil {
		values = lattice.Config{}
	}
	if old := d.s.Config(c.Config); old != nil {
		switch {
		case old.App != "":
			return fmt.Errorf("config %q: %w", c.Config, ofApp("config", string(c.Config), old.App))
		case maps.Equal(old.Values, values):
			return nil
		}
	}
	if n := len(d.users(c.Config, 0)); n > 0 {
		result.Notes = []string{count(n, "user is", "users are") + " given the new values"}
	}
	d.put(state.Record{Config: &state.Config{Name: c.Config, Values: values}})
	d.happens(lattice.EventConfigPut, string(c.Config), map[string]any{"config_name": c.Config})
	return nil
}

func (d *decider) deleteConfig(c *control.DeleteConfig) error {
	result := &control.Result{}
	d.d.Result = result
	old := d.s.Config(c.Config)
	switch {
	case old == nil:
		result.Notes = []string{"there was none"}
		return nil
	case old.App != "":
		return fmt.Errorf("config %q: %w", c.Config, ofApp("config", string(c.Config), old.App))
	}
	if users := d.users(c.Config, maxUsers); len(users) > 0 {
		return fmt.Errorf("config %q: %w: %s named it; take it from them first", c.Config, lattice.ErrDenied, strings.Join(users, ", "))
	}
	d.remove(state.ConfigKey(c.Config))
	d.happens(lattice.EventConfigDeleted, string(c.Config), map[string]any{"config_name": c.Config})
	return nil
}

// maxUsers bounds how many users of a configuration an error tells of.
const maxUsers = 16

// users are what names a configuration, for people: the first ones, or all if most is
// zero.
func (d *decider) users(name lattice.ConfigName, most int) []string {
	return keysText(d.s.UsersOf(name), most)
}

// keysText names the first of some records, or all if most is zero.
func keysText(keys iter.Seq[state.Key], most int) []string {
	texts := []string{}
	for k := range keys {
		if most > 0 && len(texts) == most {
			return append(texts, "and others")
		}
		texts = append(texts, fmt.Sprintf("%s %q", k.Kind(), k.Name()))
	}
	return texts
}

// configsExist reports the configurations that are named and that there are not.
func (d *decider) configsExist(whose string, names []lattice.ConfigName) error {
	for _, name := range names {
		if d.s.Config(name) == nil {
			return fmt.Errorf("%s: config %q: %w: make it with `wattle config put %s KEY=VALUE`", whose, name, lattice.ErrNotFound, name)
		}
	}
	return nil
}
