package component

import (
	"github.com/wattle-dev/wattle/host/component/abi"
	"github.com/wattle-dev/wattle/wit"
)

// Handle returns the resource as an argument of Func.Call, once: the guest owns it then.
func (o Own) Handle() wit.HandleValue {
	return wit.HandleValue{Resource: o.Type.resource(), Rep: abi.Rep{Obj: o.Value}}
}
