// Package component runs WebAssembly components: the Component Model over an
// engine that knows core modules only. It is the only importer of that engine.
//
// # From bytes to a call
//
//   - [Engine.Load] decodes a component (package binary), and elaborates it:
//     it runs the definitions of the component, nested components included,
//     with everything that is known before an instance exists. Types are
//     evaluated with real resource identities, instantiations of nested
//     components are followed, imports are matched with what a [Linker] offers.
//     What remains is a plan: which core modules to instantiate in which order,
//     what they import, and the canonical functions between them.
//   - Each core module is rewritten (package core) so that it counts fuel and
//     imports by position, and is compiled. Equal modules are compiled once, and
//     kept on disk if a cache directory is given. What memory starts
//     with is not part of the code: it is an image, which the memories of all
//     instances share until they write to it.
//   - [Component.Instantiate] executes the plan. An [Instance] holds slots for
//     what the plan numbers and nothing else. What the start functions leave
//     behind is kept, where it must be the same for every instance or
//     [Component.Preinitialize] says that it may be, and later instances start
//     from there (snapshot.go).
//   - [Instance.Func] finds an exported function and calls it, bounded by the
//     deadline of its context.
//   - [Instance.Close] ends it. One that ended well is made as it was when it had
//     started, if the host reaches all that it holds, and used again (reset.go).
//
// # What a component says of itself
//
// [Describe], [World] and [DecodeWIT] read a binary without linking it: they
// evaluate the types of its definitions (survey.go), give them the names that WIT
// needs (naming.go), and attach documentation if there is any (docs.go). A WIT
// package in binary form is read the same way, interface by interface
// (package.go). Whether a [Linker] serves what a component imports is decided by
// package wit/compat, in whose words linking itself reports what it refuses.
//
// # How calls travel
//
// A guest reaches the host through one core module per component whose
// functions are its trampolines. The engine passes the context of a call
// through unchanged, and the context is the instance: no table is searched. A
// host function is bound by code generated from WIT, which reads and writes the
// guest's memory through [Call]. A call from one component instance to another
// runs a transfer that was compiled when the component was loaded (package
// abi). Neither allocates for flat values. A call between instances that moves
// nothing but core values does not leave guest code: the caller's shim makes it
// (fuse.go).
//
// # Compiling
//
// Code may be made to be slow to compile: a function of a few kilobytes can take
// the engine's compiler minutes and gigabytes, and nothing stops it. Hence
// [EngineOptions.Compiler]: the module goes to a child process, the same program
// started anew ([ServeCompiler]), which may take so much processor time and memory
// and is killed when nobody wants the code any more or its time is up. When it
// ends, so does its garbage. A compiler that panics takes the child with it and
// nothing else. Each child compiles one module into a directory of its own; what
// is there when it has ended well becomes an entry of the cache at once or not at
// all, and this process loads it from there. A module is compiled once, whoever
// asks for it: within an engine by bookkeeping, between processes that share a
// cache directory by file locks.
//
// What remains in this process is bounded otherwise: reading, validating and
// loading a module take time in proportion to its size, which package core sees
// to by limits, and its machine code may be a multiple of it. Modules that take
// less than starting a process are compiled here; they are told by an estimate,
// [core.Module.Work]. Where there is no Compiler, everything is compiled here,
// one module at a time, and the estimate decides what is refused.
//
// The child runs as the same user. It is no sandbox: it bounds what an honest
// compiler costs. A module that makes the compiler write wrong machine code would
// be in control of the process that loads it as well, wherever it was compiled.
//
// # What stays in memory
//
// A component that is deployed and not in use consists of its plan, of the shells
// of its core modules (shell.go), and of images: a few kilobytes, and the data of
// its memories. Machine code is by far the largest part of a component. It is
// copied from the cache to memory, where equal modules have it once, and leaves
// memory when there is too much of it ([EngineOptions.MaxCode]) or when it was not
// used for a time ([EngineOptions.MaxUnused]): what was used longest ago goes
// first, with its idle instances. What has an instance or is pinned
// ([Component.Pin]) stays. The next instance loads the code again, from a link to
// the cache's entry that this process keeps, so that no request waits for a
// compiler. [Component.Warm] does so ahead. [Engine.Stats] counts.
//
// Nobody can run code that has left: an instance holds its component, an idle one
// is freed before its code is, and the engine unmaps code when the garbage
// collector has found that no instance can reach it. Since the collector does not
// see that memory it is called when enough has gathered.
//
// Instances that wait to be used again ([EngineOptions.MaxIdle]) have given their
// dirty pages back; what they cost is address space and the engine's tables.
//
// # What a guest can do to others
//
// Nothing. A guest that breaks the Canonical ABI, traps, loops, or asks for more
// than its [Limits] ends its own instance with a [*Trap]. A spinning guest is
// stopped by its fuel checks, at which it also lets the garbage collector in.
// Each call has a byte budget, because lists may overlap and a small memory can
// describe an enormous value. Calls of the host are counted, and cost fuel: they do
// little in the guest, and may do much outside of it. Before a table grows the host is
// asked, so that all tables of an instance share one limit.
//
// Nor does a guest that runs for long hold others up: such guests take turns on all
// processors but one (turn.go).
//
// # Concurrency
//
// Engine, Linker in use, and Component are safe for concurrent use. An Instance
// belongs to one goroutine at a time. A component instance cannot be entered
// again while it runs.
//
// # The async ABI
//
// Not supported yet: a component that needs it is refused when it is loaded.
// The shape is prepared: handle tables hold entries of several kinds, every call
// between instances has a frame that stands for the specification's Task and
// Subtask, and trampolines know nothing of how their callee is run.
package component
