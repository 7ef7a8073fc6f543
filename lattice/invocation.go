package lattice

import (
	"context"
	"net/http"

	"github.com/wattle-dev/wattle/wit"
)

// Invocation names what is to be called, and on whose behalf. Its deadline and its
// trace are those of the context that goes with it.
type Invocation struct {
	Target ComponentID
	// Interface is that of the function, with its version, as the caller imports
	// it: "wasi:http/incoming-handler@0.2.6". It is empty for a function of the
	// world.
	Interface string
	Function  string
	// Host is the one that has to carry it out. If empty, any that can.
	Host HostID
	// Callers is the chain of who called, the origin first.
	Callers []Caller
	// Depth is how many invocations may follow within this one. An invocation at
	// depth zero that needs another is refused with ErrExhausted.
	Depth int
}

// Bounds of invocations.
const (
	// DefaultDepth is the depth that an origin gives.
	DefaultDepth = 16
	// MaxCallers bounds the chain.
	MaxCallers = 32
)

// Caller is a link in the chain of callers: "component/ID", "gateway/USER",
// "http", "operator/USER".
type Caller string

// Next returns the invocation of another target by the one that is called here.
// It returns ErrExhausted at the end of the chain.
func (inv *Invocation) Next(target ComponentID, iface, function string) (*Invocation, error) {
	if inv.Depth <= 0 || len(inv.Callers) >= MaxCallers {
		return nil, &Error{Code: CodeExhausted, Message: "the chain of calls is too long", Undelivered: true}
	}
	next := &Invocation{Target: target, Interface: iface, Function: function, Depth: inv.Depth - 1}
	next.Callers = append(append(make([]Caller, 0, len(inv.Callers)+1), inv.Callers...), Caller("component/"+string(inv.Target)))
	return next, nil
}

// Invoker carries out invocations. Its methods may be called at the same time.
type Invoker interface {
	// Call calls a function. fn is its type as the caller knows it, args and the
	// results are of its types. ctx must have a deadline.
	Call(ctx context.Context, inv *Invocation, fn *wit.Func, args []wit.Value) ([]wit.Value, error)
	// HTTP has the target answer a request: inv names wasi:http/incoming-handler.
	// An error means that nothing of a response has been written. A response that
	// has been begun and cannot be ended is cut off with a panic of
	// http.ErrAbortHandler.
	HTTP(w http.ResponseWriter, r *http.Request, inv *Invocation) error
}

// Handler is an Invoker that is the target itself.
type Handler interface {
	Invoker
	// Func returns the type of the function that inv names, in the version of the
	// interface that the target exports.
	Func(inv *Invocation) (*wit.Func, error)
}

type invocationKey struct{}

// WithInvocation returns a context that says which invocation is carried out: what
// is called meanwhile is called on its behalf.
func WithInvocation(ctx context.Context, inv *Invocation) context.Context {
	return context.WithValue(ctx, invocationKey{}, inv)
}

// InvocationOf returns the invocation that is carried out, or nil.
func InvocationOf(ctx context.Context) *Invocation {
	inv, _ := ctx.Value(invocationKey{}).(*Invocation)
	return inv
}
