// Package v100 holds the bindings of wasmcloud:bus@1.0.0. What implements them is in
// package bus.
package v100

// maxName bounds the name of an interface: there is none that is longer.
const maxName = 512

// CallTargetInterface is resource call-target-interface.
type CallTargetInterface struct {
	// Name is "wasi:keyvalue/store". It is no longer than what names an interface.
	Name string
}

// NewTarget returns the name of an interface as a resource.
func NewTarget(namespace, pkg, iface string) *CallTargetInterface {
	if len(namespace)+len(pkg)+len(iface) > maxName {
		return &CallTargetInterface{}
	}
	return &CallTargetInterface{namespace + ":" + pkg + "/" + iface}
}
