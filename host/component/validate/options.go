package validate

import (
	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/host/component/core"
)

// Features is a set of the features that Explainer.md, "Gated Features", gates.
type Features uint32

// The features. Not among them, and always refused, are values 🪙, nested
// namespaces 🪺, threads with shared memory 🧵② and 64-bit memories 🐘.
const (
	// Async 🔀 is async functions, streams and futures, and what goes with them.
	Async Features = 1 << iota
	// Maps 🗺️ is the type map.
	Maps
	// Attributes 🏷️ is the attributes implements and external-id.
	Attributes
	// CanonicalNames 🔗 is versions such as "0.2" in interface names, and the
	// attribute versionsuffix.
	CanonicalNames
	// AsyncBuiltins 🚝 is synchronous streams and futures, and asynchronous
	// cancellation.
	AsyncBuiltins
	// StackfulLift 🚟 is asynchronous lifting without a callback.
	StackfulLift
	// Threads 🧵 is cooperative threads.
	Threads
	// FixedLists 🔧 is lists of a fixed length.
	FixedLists
	// ErrorContext 📝 is the type error-context.
	ErrorContext
)

// DefaultFeatures is what has shipped in a release of WASI, together with what
// is not released but tested by the reference tests of the Component Model.
const DefaultFeatures = Async | Maps | Attributes | AsyncBuiltins | StackfulLift | Threads | FixedLists | ErrorContext

// DefaultMaxWork is the default of Options.MaxWork. For scale: a JavaScript
// engine with all of WASI 0.2 takes some 2,000 steps, one composed of several
// components 7,000.
const DefaultMaxWork = 1_000_000

// Options say what to accept. The zero value is ready for use.
type Options struct {
	// Features are the features that are enabled. If zero, DefaultFeatures.
	Features Features
	// MaxWork bounds the number of steps, which are of the size of a field of a
	// type. If zero, DefaultMaxWork.
	MaxWork int
	// Module returns what there is to know of a core module, whose code need
	// not be checked. If nil, core.Inspect does. It is called once for each.
	Module func(*binary.CoreModule) (*core.Module, error)
}

func (o *Options) withDefaults() Options {
	var out Options
	if o != nil {
		out = *o
	}
	if out.Features == 0 {
		out.Features = DefaultFeatures
	}
	if out.MaxWork == 0 {
		out.MaxWork = DefaultMaxWork
	}
	if out.Module == nil {
		out.Module = func(m *binary.CoreModule) (*core.Module, error) { return core.Inspect(m.Bytes) }
	}
	return out
}
