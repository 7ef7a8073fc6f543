package validate

import (
	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/host/component/core"
)

// option is a set of canonical options.
type option uint8

const (
	optMemory option = 1 << iota
	optRealloc
	optPostReturn
	optAsync
	optCallback
)

var optionNames = []struct {
	opt  option
	name string
}{
	{optMemory, "memory"}, {optRealloc, "realloc"}, {optPostReturn, "post-return"}, {optAsync, "async"}, {optCallback, "callback"},
}

func optionsOf(o *binary.CanonOpts) (set option) {
	for _, x := range []struct {
		has bool
		opt option
	}{
		{o.HasMemory, optMemory}, {o.HasRealloc, optRealloc}, {o.HasPostReturn, optPostReturn}, {o.Async, optAsync}, {o.HasCallback, optCallback},
	} {
		if x.has {
			set |= x.opt
		}
	}
	return set
}

// canonOptions checks the options of a canonical definition (CanonicalABI.md,
// "canonopt Validation"), of which only some are allowed. What the types demand
// is checked by [checker.demand].
func (c *checker) canonOptions(s *scope, d *binary.Canon, allowed option) error {
	o := &d.Opts
	have := optionsOf(o)
	for _, x := range optionNames {
		if have&^allowed&x.opt != 0 {
			return c.fail(CodeCanonOption, d.Offset, "the option %q is not allowed here", x.name)
		}
	}
	if o.Async {
		if err := c.need(Async, d.Offset, "the option async 🔀"); err != nil {
			return err
		}
	}
	switch {
	case o.HasRealloc && !o.HasMemory:
		return c.fail(CodeCanonOption, d.Offset, `the option "realloc" needs the option "memory"`)
	case o.HasPostReturn && o.Async:
		return c.fail(CodeCanonOption, d.Offset, `the option "post-return" cannot stand with "async"`)
	case o.HasCallback && !o.Async:
		return c.fail(CodeCanonOption, d.Offset, `the option "callback" needs the option "async"`)
	}
	if o.HasMemory {
		if err := c.canonMemory(s, o.Memory, d.Offset); err != nil {
			return err
		}
	}
	i32 := core.I32
	if o.HasRealloc {
		if err := c.optionFunc(s, "realloc", o.Realloc, sig(params(i32, i32, i32, i32), i32), d.Offset); err != nil {
			return err
		}
	}
	if o.HasCallback {
		return c.optionFunc(s, "callback", o.Callback, sig(params(i32, i32, i32), i32), d.Offset)
	}
	return nil
}

// canonMemory checks a memory of a canonical definition.
func (c *checker) canonMemory(s *scope, i uint32, offset int) error {
	m, err := at(c, s.coreMemories, i, "core memory", offset)
	if err != nil {
		return err
	}
	if err := matchCore(core.ExternType{Kind: core.KindMemory, Memory: m}, core.ExternType{Kind: core.KindMemory}); err != nil {
		return c.fail(CodeCoreMismatch, offset, `the option "memory": %v`, err)
	}
	return nil
}

// optionFunc checks the type of a core function that an option names.
func (c *checker) optionFunc(s *scope, what string, i uint32, want core.FuncType, offset int) error {
	f, err := at(c, s.coreFuncs, i, "core function", offset)
	if err != nil {
		return err
	}
	if !sameSig(f, want) {
		return c.fail(CodeCoreSignature, offset, "the option %q names a function of type %s, not %s", what, describeSig(f), describeSig(want))
	}
	return nil
}

// demand says which options the types of a canonical definition need: memory,
// realloc, or both.
func (c *checker) demand(d *binary.Canon, need option) error {
	have := optionsOf(&d.Opts)
	for _, x := range optionNames {
		if need&^have&x.opt != 0 {
			return c.fail(CodeOptionRequired, d.Offset, "the option %q is required by the types", x.name)
		}
	}
	return nil
}
