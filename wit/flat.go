package wit

// Core is a WebAssembly core value type to which value types are flattened.
type Core uint8

// The core types of the Canonical ABI.
const (
	CoreI32 Core = iota + 1
	CoreI64
	CoreF32
	CoreF64
)

// String returns the name of the core type, such as "i32".
func (c Core) String() string {
	switch c {
	case CoreI32:
		return "i32"
	case CoreI64:
		return "i64"
	case CoreF32:
		return "f32"
	case CoreF64:
		return "f64"
	default:
		return "invalid"
	}
}

// maxFlat is where flattening stops: one more than is ever passed flat.
const maxFlat = MaxFlatParams + 1

// Flat returns the core types that a value of the type is flattened to, as
// CanonicalABI.md, "Flattening", defines it for a 32-bit memory. It returns the
// first MaxFlatParams+1 of them at most: nothing with so many is passed flat, and
// a fixed-length list could have millions.
func (t *Type) Flat() []Core { return t.flatten(nil) }

// FlatCount returns the number of core types that Flat returns.
func (t *Type) FlatCount() int { return len(t.Flat()) }

// FlattenTypes returns the core types that values of the types, passed one after
// the other, are flattened to: MaxFlatParams+1 at most, as with Flat.
func FlattenTypes(types ...*Type) []Core {
	var flat []Core
	for _, t := range types {
		flat = t.flatten(flat)
	}
	return flat
}

// flatten appends the flattening of t to flat, up to maxFlat.
func (t *Type) flatten(flat []Core) []Core {
	if len(flat) >= maxFlat {
		return flat
	}
	switch t.Kind {
	case S64, U64:
		flat = append(flat, CoreI64)
	case F32:
		flat = append(flat, CoreF32)
	case F64:
		flat = append(flat, CoreF64)
	case String, List, Map:
		flat = append(flat, CoreI32, CoreI32)
	case FixedList:
		// Every element has one core type at least, so this ends soon.
		for n := t.Len; n > 0 && len(flat) < maxFlat; n-- {
			flat = t.Elem.flatten(flat)
		}
	case Record, Tuple:
		for e := range t.elems() {
			flat = e.flatten(flat)
		}
	case Variant, Enum, Option, Result:
		flat = append(flat, CoreI32)
		first := len(flat)
		for c := range t.payloads() {
			for i, core := range c.Flat() {
				if i += first; i < len(flat) {
					flat[i] = Join(flat[i], core)
				} else {
					flat = append(flat, core)
				}
			}
		}
	default:
		flat = append(flat, CoreI32)
	}
	return flat[:min(len(flat), maxFlat)]
}

// Join returns the core type that can carry a value of either type, as
// CanonicalABI.md, "Flattening", defines it for the cases of a variant.
func Join(a, b Core) Core {
	switch {
	case a == b:
		return a
	case a == CoreI32 && b == CoreF32, a == CoreF32 && b == CoreI32:
		return CoreI32
	default:
		return CoreI64
	}
}

// CoreFunc is the core type of a function in a synchronous call.
type CoreFunc struct {
	Params, Results []Core
	// SpilledParams says that the parameters are passed in memory, as a tuple to
	// which Params[0] points.
	SpilledParams bool
	// SpilledResult says that the result is passed in memory. The last of Params
	// of a lowered function, or the one of Results of a lifted one, points to it.
	SpilledResult bool
}

// Lowered returns the core type of the function as a component imports it: the
// flatten_functype of CanonicalABI.md for a synchronous lower.
func (f *Func) Lowered() CoreFunc {
	c := f.flatten()
	if c.SpilledResult {
		c.Params = append(c.Params, CoreI32)
		c.Results = nil
	}
	return c
}

// Lifted returns the core type of the function as a component exports it: the
// flatten_functype of CanonicalABI.md for a synchronous lift.
func (f *Func) Lifted() CoreFunc { return f.flatten() }

func (f *Func) flatten() CoreFunc {
	var c CoreFunc
	for _, p := range f.Params {
		c.Params = p.Type.flatten(c.Params)
	}
	if len(c.Params) > MaxFlatParams {
		c.Params, c.SpilledParams = []Core{CoreI32}, true
	}
	if f.Result != nil {
		c.Results = f.Result.Flat()
	}
	if len(c.Results) > MaxFlatResults {
		c.Results, c.SpilledResult = []Core{CoreI32}, true
	}
	return c
}

// ParamsType returns the tuple of the parameters, which is what a spilled call
// has in memory.
func (f *Func) ParamsType() *Type {
	t := &Type{Kind: Tuple, Types: make([]*Type, len(f.Params))}
	for i, p := range f.Params {
		t.Types[i] = p.Type
	}
	return t
}
