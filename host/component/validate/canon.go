package validate

import (
	"slices"

	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/host/component/core"
	"github.com/wattle-dev/wattle/wit"
)

// canon checks a canonical definition.
func (c *checker) canon(s *scope, d *binary.Canon) error {
	if d.Op == binary.CanonLift {
		return c.lift(s, d)
	}
	f, err := c.canonFunc(s, d)
	if err != nil {
		return err
	}
	s.coreFuncs = append(s.coreFuncs, f)
	return nil
}

// functionAt returns the function type that a type index refers to.
func (c *checker) functionAt(s *scope, i uint32, offset int) (*funcType, error) {
	t, err := at(c, s.types, i, "type", offset)
	if err != nil {
		return nil, err
	}
	if f, ok := t.(*funcType); ok {
		return f, nil
	}
	return nil, c.fail(CodeTypeKind, offset, "type %d is that of %s, not of a function", i, kindOf(t))
}

// lift checks canon lift.
func (c *checker) lift(s *scope, d *binary.Canon) error {
	callee, err := at(c, s.coreFuncs, d.Func, "core function", d.Offset)
	if err != nil {
		return err
	}
	t, err := c.functionAt(s, d.Type, d.Offset)
	if err != nil {
		return err
	}
	if err := c.canonOptions(s, d, optMemory|optRealloc|optPostReturn|optAsync|optCallback); err != nil {
		return err
	}
	if d.Opts.Async {
		if !t.async {
			return c.failSyncType(d)
		}
		if !d.Opts.HasCallback {
			if err := c.need(StackfulLift, d.Offset, "async lifting without a callback 🚟"); err != nil {
				return err
			}
		}
	}
	fs, err := c.flattenFunc(t)
	if err != nil {
		return c.spent(err, d.Offset)
	}
	want, need := fs.lifted(&d.Opts)
	if err := c.demand(d, need); err != nil {
		return err
	}
	if !sameSig(callee, want) {
		return c.fail(CodeCoreSignature, d.Offset, "the core function has type %s; lifting it needs %s", describeSig(callee), describeSig(want))
	}
	if d.Opts.HasPostReturn {
		if err := c.optionFunc(s, "post-return", d.Opts.PostReturn, sig(want.Results), d.Offset); err != nil {
			return err
		}
	}
	s.funcs = append(s.funcs, t)
	return nil
}

// lower checks canon lower.
func (c *checker) lower(s *scope, d *binary.Canon) (core.FuncType, error) {
	t, err := at(c, s.funcs, d.Func, "function", d.Offset)
	if err != nil {
		return core.FuncType{}, err
	}
	if err := c.canonOptions(s, d, optMemory|optRealloc|optAsync); err != nil {
		return core.FuncType{}, err
	}
	if d.Opts.Async && !t.async {
		return core.FuncType{}, c.failSyncType(d)
	}
	fs, err := c.flattenFunc(t)
	if err != nil {
		return core.FuncType{}, c.spent(err, d.Offset)
	}
	f, need := fs.lowered(&d.Opts)
	return f, c.demand(d, need)
}

func (c *checker) failSyncType(d *binary.Canon) error {
	return c.fail(CodeSyncType, d.Offset, `the option "async" needs an async function type`)
}

// flatFunc is a function type as CanonicalABI.md, "Flattening", sees it.
type flatFunc struct {
	params, result               []core.ValType // at most wit.MaxFlatParams+1
	paramPointers, resultPointer bool           // something lies in memory of its own
}

// maxFlatAsyncParams is MAX_FLAT_ASYNC_PARAMS.
const maxFlatAsyncParams = 4

func (c *checker) flattenFunc(t *funcType) (flatFunc, error) {
	var f flatFunc
	if err := c.spend(1 + len(t.params)); err != nil {
		return f, err
	}
	for _, p := range t.params {
		f.paramPointers = f.paramPointers || p.value.shape.pointer
		if len(f.params) > wit.MaxFlatParams {
			continue // passed in memory, whatever comes
		}
		flat, err := c.flat(p.value.shape)
		if err != nil {
			return f, err
		}
		f.params = append(f.params, coreTypes(flat)...)
	}
	if t.result == nil {
		return f, nil
	}
	f.resultPointer = t.result.shape.pointer
	flat, err := c.flat(t.result.shape)
	f.result = coreTypes(flat)
	return f, err
}

func coreTypes(flat []wit.Core) []core.ValType {
	out := make([]core.ValType, len(flat))
	for i, t := range flat {
		switch t {
		case wit.CoreI32:
			out[i] = core.I32
		case wit.CoreI64:
			out[i] = core.I64
		case wit.CoreF32:
			out[i] = core.F32
		case wit.CoreF64:
			out[i] = core.F64
		}
	}
	return out
}

// lifted returns the type of the core function that implements the function,
// and the options that are needed for it.
func (f *flatFunc) lifted(o *binary.CanonOpts) (core.FuncType, option) {
	var need option
	t := core.FuncType{Params: f.params, Results: f.result}
	if len(f.params) > wit.MaxFlatParams {
		t.Params = params(core.I32)
		need |= optMemory | optRealloc
	}
	if f.paramPointers {
		need |= optMemory | optRealloc
	}
	most := wit.MaxFlatResults
	if o.Async {
		// The result is that of task.return, which is passed like a parameter.
		most = wit.MaxFlatParams
		t.Results = nil
		if o.HasCallback {
			t.Results = params(core.I32)
		}
	}
	if len(f.result) > most {
		need |= optMemory
		if !o.Async {
			t.Results = params(core.I32)
		}
	}
	if f.resultPointer {
		need |= optMemory
	}
	return t, need
}

// lowered returns the type of the core function that calls the function, and
// the options that are needed for it.
func (f *flatFunc) lowered(o *binary.CanonOpts) (core.FuncType, option) {
	var need option
	t := core.FuncType{Params: f.params, Results: f.result}
	mostParams, mostResults := wit.MaxFlatParams, wit.MaxFlatResults
	if o.Async {
		mostParams, mostResults = maxFlatAsyncParams, 0
	}
	if len(f.params) > mostParams {
		t.Params = params(core.I32)
		need |= optMemory
	}
	if f.paramPointers {
		need |= optMemory
	}
	if len(f.result) > mostResults {
		t.Params = append(slices.Clip(t.Params), core.I32)
		t.Results = nil
		need |= optMemory
	}
	if f.resultPointer {
		need |= optMemory | optRealloc
	}
	if o.Async {
		// CanonicalABI.md demands a memory here, which nothing would use if the
		// function has neither spilled parameters nor a result; its own reference
		// tests go without.
		t.Results = params(core.I32)
	}
	return t, need
}
