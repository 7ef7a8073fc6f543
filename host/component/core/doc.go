// Package core rewrites WebAssembly core modules so that a host can run code
// it does not trust, and reports what the host must know of them. It is the
// only place where core modules are changed, and it knows no engine: bytes go
// in, bytes come out.
//
// # What the rewrite does
//
// [Rewrite] reads a module once, each function body once, and writes the new
// module into one buffer as it goes.
//
//   - Imports become positional. Import i is renamed to module "i", name
//     "<i>" in decimal. Names that an engine refuses (empty ones) disappear, and
//     the same code linked in two ways stays the same bytes, so that it is
//     compiled once. The original names are in [Module.Imports].
//   - Fuel is counted. A mutable i64 global, exported as [FuelExport], holds
//     what the guest may still spend. It is looked at and then charged at the
//     entry of each function and at the head of each loop, that is, on every cycle
//     that a guest can run through, but not in short functions that have no loop
//     and call none. When none is left the guest calls the
//     imported function [RefillModule].[RefillName] of type (i64) -> (i64). That
//     function receives the fuel as it is, which is zero or negative, and returns
//     the fuel to go on with, which must be more, or does not return. It is also
//     the point at which a running guest lets Go's scheduler and garbage collector
//     in. The call stands apart from the code, as functions named openLoop and
//     enterFunction say: that is worth more than anything else about a check.
//   - The initial size and content of memory leave the module, if [Options.Image]
//     asks for it, so that instances can share them: [Module.Image] is what the
//     data segments would have written. Programs that differ only there, such as
//     scripts with the same interpreter, become the same module.
//   - Tables get a maximum of at most [Options.MaxTableElements]. Before one grows, the
//     function for fuel is asked by how much it may: see [TableGrowth].
//   - The name section keeps the names of the module, its functions and their
//     locals, so that traps stay readable. All other custom sections are dropped.
//     Label names are dropped because the checks add labels; a malformed name
//     section is dropped as the specification demands, never refused.
//
// The import and the global are added behind the guest's own, so that of the
// guest's indices only those of defined functions move, by one. A module that
// defines no function has nothing to count and gets neither
// ([Module.Metered]).
//
// # What fuel measures
//
// One unit is about one instruction. A function entry costs the number of
// instructions in the body outside of loops, and nothing if these are at most 16
// and there are no loops or calls: the call is paid for by the caller. An
// iteration of a loop costs the number directly in it; branches not taken are paid
// for. Code longer than 128 instructions between two checks is charged a
// sixty-fourth of the rest: it is the switch of an interpreter more often than not,
// of which one case is run. So a unit is never more than 64 instructions. Calls
// cost more with the number of their parameters and results. Instructions whose
// time depends on an operand (memory.fill, memory.copy, memory.init, memory.grow
// and those of tables) are charged for their size once they are done, so that one
// which traps or fails costs what it did before. The same run costs the same fuel,
// always.
//
// # What it guarantees
//
// The input is hostile. Memory is proportional to the input, no input makes the
// package panic, and the limits of the WebAssembly JavaScript Interface
// ("Implementation-defined Limits") bound what an engine would multiply: locals,
// parameters, tables. The engine still validates the result in full. What this
// package owes is that no invalid module turns into a valid one, since then a
// guest could reach the fuel: hence every index is checked against the original
// index spaces, and encodings that engines are known to read differently are
// refused. Exported names that start with [ReservedPrefix] are refused as well.
//
// Engines compile some code in more than linear time. What that will cost is
// estimated on the way ([Module.Work]), for a host to decide where it has a module
// compiled, if at all. Validation is linear but in the operands that an instruction
// has by its type, of which there may be a thousand: they are limited to a
// multiple of the bytes.
//
// Exceptions, threads, 64-bit and several memories, typed function references
// and garbage collected types are not supported: engines beneath do not run
// them, or not well enough.
package core
