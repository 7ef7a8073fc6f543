package component

import (
	"github.com/wattle-dev/wattle/host/component/abi"
	"github.com/wattle-dev/wattle/wit"
)

// Handle returns the resource as an argument of Func.Call, once: the guest owns it then.
func (o Own) Handle() wit.HandleValue {
	return wit.HandleValue{Resource: o.Type.resource(), Rep: abi.Rep{Obj: o.Value}}
}

// Held returns what a handle of a resource of the host stands for, such as one in a result of
// Func.Call, and whether it is a T.
func Held[T any](h wit.HandleValue) (T, bool) {
	rep, _ := h.Rep.(abi.Rep)
	v, ok := rep.Obj.(T)
	return v, ok
}
