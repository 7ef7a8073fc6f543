package component

import (
	"reflect"

	"github.com/tetratelabs/wazero/api"
)

// Guest code runs on stacks of its own, which the engine allocates for each
// function object and grows to some 100 MB, but never shrinks. A component can
// have many calls under way, each on another stack: it may call itself through
// its own exports, and a destructor may run destructors. What bounds them:
const (
	// maxNesting is how many calls from the host into core code may be within
	// each other. Each takes some kilobytes of the host's own stack, and a Go
	// program whose stack overflows ends as a whole.
	maxNesting = 256
	// maxStacks is the bytes of stack that calls may hold which have made
	// another call.
	maxStacks = 128 << 20
	// maxIdleStacks is the bytes of stack that an instance keeps for its next
	// calls.
	maxIdleStacks = 8 << 20
)

// activation is an object of the engine that can run a core function, once at a
// time.
type activation struct {
	fn api.Function
	// stack is the field of the object that holds its stack: the engine has no
	// other way to ask how large that is. It is not valid for functions that have
	// none.
	stack reflect.Value
	unit  int // size of an element of the stack
	size  int // bytes of the stack when last measured
}

func newActivation(fn api.Function) *activation {
	a := &activation{fn: fn}
	if v := reflect.ValueOf(fn); v.Kind() == reflect.Pointer && v.Elem().Kind() == reflect.Struct {
		if f := v.Elem().FieldByName("stack"); f.IsValid() && f.Kind() == reflect.Slice {
			a.stack, a.unit = f, int(f.Type().Elem().Size())
		}
	}
	a.measure()
	return a
}

// measure returns by how much the stack has grown.
func (a *activation) measure() int {
	if a.unit == 0 {
		return 0
	}
	was := a.size
	a.size = a.stack.Len() * a.unit
	return a.size - was
}

// begin notes that a is about to run, inside of the call that runs already.
func (in *Instance) begin(a *activation) {
	if n := len(in.active); n > 0 {
		in.stacks += in.active[n-1].measure()
	}
	switch {
	case len(in.active) >= maxNesting:
		panic(&LimitError{Name: LimitStack, What: "calls within each other", Max: maxNesting})
	case in.stacks > maxStacks:
		panic(&LimitError{Name: LimitStack, What: "bytes of stack", Max: maxStacks})
	}
	in.stacks += a.size
	in.active = append(in.active, a)
}

// end is the inverse of begin for a call that has returned.
func (in *Instance) end(a *activation) {
	in.stacks += a.measure()
	in.stacks -= a.size
	in.active = in.active[:len(in.active)-1]
}
