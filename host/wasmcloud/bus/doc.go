// Package bus implements wasmcloud:bus/lattice: a component that has several links of
// one interface says by its functions which of them the next calls are for.
//
// Which link that is belongs to the instance ([State]). At first it is the link called
// default, or the only one. A component can name those links that it has, and no
// others: the interface grants nothing.
//
// Version 2 answers a name that no link has with an error. Version 1 cannot; there
// the next call of the interface fails.
package bus
