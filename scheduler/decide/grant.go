package decide

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/capability"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// maxJudged bounds how many components are looked at before a decision holds that changes
// what all of them are granted, as a configuration may that many use.
const maxJudged = 256

// granted reports what a decision would have hosts refuse: links to capabilities that do
// not serve what they are for, configurations that these do not take, and secrets that are
// not there. A configuration that is not there is waited for.
func granted(after *state.State, changes []state.Change) error {
	judged := 0
	for _, id := range after.Concerned(changes) {
		c := after.Component(id)
		if c == nil {
			continue
		}
		if judged++; judged > maxJudged {
			return nil
		}
		if err := grantable(after, c); err != nil {
			return fmt.Errorf("component %q: %w", nameOrID(c), err)
		}
	}
	return nil
}

// nameOrID is what people call a component.
func nameOrID(c *state.Component) string {
	if c.Name != "" {
		return c.Name
	}
	return string(c.ID)
}

// grantable judges all that a component is granted.
func grantable(s *state.State, c *state.Component) error {
	_, missing := s.Resolve(c.TargetRevision().Secrets)
	errs := []error{secretsMissing(s, missing)}
	grants := s.Grants(c.ID)
	for i := range grants {
		errs = append(errs, judge(s, &grants[i], c.ID))
	}
	return errors.Join(append(errs, together(grants, c.ID))...)
}

// together says which links of a component to capabilities cannot be there together,
// though each is right by itself.
func together(grants []state.Grant, id lattice.ComponentID) error {
	var errs []error
	for _, k := range capability.All() {
		var links []*lattice.Link
		var configs []*capability.Config
		for i := range grants {
			if g := &grants[i]; g.Kind == k.Name && !g.Calls {
				links, configs = append(links, g.Link), append(configs, configOf(g, id))
			}
		}
		if c := k.Together(configs); c != nil {
			first, second := links[c.First], links[c.Second]
			errs = append(errs, fmt.Errorf("%s and %s: %w: %s: give one of the directories another path, or delete one with `wattle link del %s %s:%s --name %s`",
				linkText(first), linkText(second), lattice.ErrInvalid, c.Reason, first.Source, first.Namespace, first.Package, first.Name))
		}
	}
	return errors.Join(errs...)
}

// configOf is what a grant configures its capability with for a component.
func configOf(g *state.Grant, id lattice.ComponentID) *capability.Config {
	return &capability.Config{Values: g.Config, Secrets: slices.Sorted(maps.Keys(g.Secrets)), Component: id}
}

// judge says why a host would refuse a link to a capability, or from it.
func judge(s *state.State, g *state.Grant, id lattice.ComponentID) error {
	k := capability.Find(g.Kind)
	if k == nil {
		return fmt.Errorf("%s: %w: Wattle has no capability %s%s", linkText(g.Link), lattice.ErrNotFound, capability.Scheme, g.Kind)
	}
	check := k.CheckLink
	if g.Calls {
		check = k.CheckCalls
	}
	errs := []error{check(g.Namespace, g.Package, g.Interfaces), secretsMissing(s, g.MissingSecrets)}
	if len(g.MissingConfigs) == 0 && len(g.MissingSecrets) == 0 {
		errs = append(errs, k.Check(configOf(g, id)))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("%s: %w", linkText(g.Link), err)
	}
	return nil
}

// maxMissing bounds how many secrets an error names.
const maxMissing = 5

// secretsMissing says which secrets have to be stored.
func secretsMissing(s *state.State, missing []lattice.SecretRef) error {
	if len(missing) == 0 {
		return nil
	}
	texts := make([]string, 0, len(missing))
	for i, ref := range missing {
		if i == maxMissing {
			texts = append(texts, fmt.Sprintf("%d more", len(missing)-i))
			break
		}
		text := fmt.Sprintf("secret %q is not there: store it with `wattle secret put %s`", ref.Name, ref.Name)
		if s.Secret(ref.Name) != nil {
			text = fmt.Sprintf("secret %q has no version %d: `wattle secret history %s` lists those that it has", ref.Name, ref.Version, ref.Name)
		}
		texts = append(texts, text)
	}
	return fmt.Errorf("%w: %s", lattice.ErrNotFound, strings.Join(texts, "; "))
}
