package decide

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/state"
)

func (d *decider) putConfig(c *control.PutConfig) error {
	result := &control.ConfigResult{}
	d.d.Result = result
	values := lattice.Config{}
	maps.Copy(values, c.Values)
	if old := d.s.Config(c.Config); old != nil {
		if old.App != "" {
			return fmt.Errorf("config %q: %w", c.Config, ofApp("config", string(c.Config), old.App))
		}
		for _, key := range slices.Sorted(maps.Keys(old.Values)) {
			switch _, put := c.Values[key]; {
			case put:
			case c.Keep && !slices.Contains(c.Drop, key):
				values[key] = old.Values[key]
				result.Kept = append(result.Kept, key)
			default:
				result.Dropped = append(result.Dropped, key)
			}
		}
		if len(result.Kept) > 0 {
			// Together they may be more than a configuration can have.
			if err := (&control.PutConfig{Config: c.Config, Values: values}).Check(); err != nil {
				return fmt.Errorf("config %q, with the values that it has: %w", c.Config, err)
			}
		}
		if maps.Equal(old.Values, values) {
			return nil
		}
	} else if c.Keep && len(c.Values) == 0 {
		result.Notes = []string{"there was none"}
		return nil
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
