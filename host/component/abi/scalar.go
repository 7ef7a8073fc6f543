package abi

// Scalar says what becomes of one core value on its way from a side to another.
type Scalar uint8

// The ways of a core value.
const (
	// ScalarSame is a value that stays as it is.
	ScalarSame Scalar = iota
	// ScalarU8, ScalarU16, ScalarS8 and ScalarS16 truncate, and the latter two
	// extend the sign.
	ScalarU8
	ScalarU16
	ScalarS8
	ScalarS16
	// ScalarBool makes any value but zero 1.
	ScalarBool
	// ScalarChar traps unless it is a Unicode scalar value.
	ScalarChar
	// ScalarMask keeps the bits of the mask.
	ScalarMask
	// ScalarCase traps unless it is less than the number of cases.
	ScalarCase
)

// ScalarOp is a Scalar with its number: a mask, or a number of cases.
type ScalarOp struct {
	Scalar
	N uint32
}

// Scalars returns what the transfer does to each core value, if it moves
// nothing else: no memory, no handle, and no variant with a payload.
func (t *Transfer) Scalars() ([]ScalarOp, bool) {
	if t.Spilled {
		return nil, false
	}
	ops := make([]ScalarOp, len(t.ops))
	for i := range t.ops {
		o := &t.ops[i]
		s := &ops[i]
		switch o.code {
		case opI32, opI64:
			s.Scalar = ScalarSame
		case opU8:
			s.Scalar = ScalarU8
		case opU16:
			s.Scalar = ScalarU16
		case opS8:
			s.Scalar = ScalarS8
		case opS16:
			s.Scalar = ScalarS16
		case opBool:
			s.Scalar = ScalarBool
		case opChar:
			s.Scalar = ScalarChar
		case opFlags:
			*s = ScalarOp{ScalarMask, o.mask}
		case opVariant:
			if o.n != 1 { // core values
				return nil, false
			}
			*s = ScalarOp{ScalarCase, uint32(len(o.cases))}
		default:
			return nil, false
		}
	}
	return ops, true
}
