package validate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/host/component/core"
)

// matchModule reports why sub is not a subtype of super, or nil.
func (c *checker) matchModule(sub, super *moduleType) error {
	if sub == super {
		return nil
	}
	if err := c.spend(len(sub.imports) + len(super.exports)); err != nil {
		return err
	}
	for _, name := range sub.order {
		have, ok := super.imports[name]
		if !ok {
			return fmt.Errorf("core import %q %q is missing", clip(name.module), clip(name.name))
		}
		if err := matchCore(have, sub.imports[name]); err != nil {
			return fmt.Errorf("core import %q %q: %w", clip(name.module), clip(name.name), err)
		}
	}
	// The first fault in the order of names is the one reported.
	var worst error
	worstName := ""
	for name, want := range super.exports {
		if worst != nil && name > worstName {
			continue
		}
		if have, ok := sub.exports[name]; !ok {
			worst, worstName = fmt.Errorf("core export %q is missing", clip(name)), name
		} else if err := matchCore(have, want); err != nil {
			worst, worstName = fmt.Errorf("core export %q: %w", clip(name), err), name
		}
	}
	return worst
}

// matchCore reports why sub does not match super (core specification, "Import
// Matching"), or nil.
func matchCore(sub, super core.ExternType) error {
	if sub.Kind != super.Kind {
		return fmt.Errorf("expected a %s, found a %s", super.Kind, sub.Kind)
	}
	switch sub.Kind {
	case core.KindFunc, core.KindTag:
		if !sameSig(sub.Func, super.Func) {
			return fmt.Errorf("expected type %s, found %s", describeSig(super.Func), describeSig(sub.Func))
		}
	case core.KindTable:
		if sub.Table.Elem != super.Table.Elem {
			return fmt.Errorf("expected a table of %v, found one of %v", super.Table.Elem, sub.Table.Elem)
		}
		return matchLimits(sub.Table.Limits, super.Table.Limits)
	case core.KindMemory:
		if sub.Memory.Shared != super.Memory.Shared {
			return fmt.Errorf("one memory is shared, the other is not")
		}
		return matchLimits(sub.Memory.Limits, super.Memory.Limits)
	case core.KindGlobal:
		if sub.Global != super.Global {
			return fmt.Errorf("expected %s, found %s", describeGlobal(super.Global), describeGlobal(sub.Global))
		}
	}
	return nil
}

func matchLimits(sub, super core.Limits) error {
	if sub.Is64 != super.Is64 || sub.Min < super.Min || super.HasMax && (!sub.HasMax || sub.Max > super.Max) {
		return fmt.Errorf("expected limits %s, found %s", describeLimits(super), describeLimits(sub))
	}
	return nil
}

func describeLimits(l core.Limits) string {
	s := fmt.Sprintf("{min %d}", l.Min)
	if l.HasMax {
		s = fmt.Sprintf("{min %d, max %d}", l.Min, l.Max)
	}
	if l.Is64 {
		s = "i64 " + s
	}
	return s
}

func describeGlobal(g core.GlobalType) string {
	if g.Mutable {
		return fmt.Sprintf("a mutable global of %v", g.Type)
	}
	return fmt.Sprintf("an immutable global of %v", g.Type)
}

// describeSig returns a core function type as the core specification writes it.
func describeSig(f core.FuncType) string {
	list := func(ts []core.ValType) string {
		out := make([]string, 0, len(ts))
		for _, t := range ts {
			out = append(out, t.String())
		}
		return clip("[" + strings.Join(out, " ") + "]")
	}
	return list(f.Params) + " -> " + list(f.Results)
}

// sig returns a core function type.
func sig(params []core.ValType, results ...core.ValType) core.FuncType {
	return core.FuncType{Params: params, Results: results}
}

func params(ts ...core.ValType) []core.ValType { return ts }

func sameSig(a, b core.FuncType) bool {
	return slices.Equal(a.Params, b.Params) && slices.Equal(a.Results, b.Results)
}
