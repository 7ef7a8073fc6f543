// Package spectest runs the scripts of the Component Model's reference tests
// against host/component. It is a library: a test or a program gives it a
// directory of scripts in the form of [Script], which internal/wastgen makes
// of .wast files, and receives a [Report].
//
// # What is checked
//
// Each command of a script is a case. A component has to load and start, a
// definition to load; an assertion has to hold. A definition whose imports
// nothing serves has loaded: it is valid, which is what its script says. The
// texts that the scripts give for traps and refusals are those of another
// implementation and are not compared, except that a trap must be of the kind
// that its text names: one of WebAssembly itself, or one of the Component
// Model.
//
// Every case has a time limit, and a panic fails a case as any other fault
// does.
//
// # Known failures
//
// A case that cannot pass yet stands in a list of [Known] failures, with the
// reason. It is counted as skipped when it fails. When nothing that an entry
// of the list names fails any more, the entry itself is a failure: the list
// never says more than is true.
package spectest
