// Package inventory reads the state of a lattice as its key-value buckets have
// it, and makes tables of it.
//
// Documents that are not signed by whom they belong to do not count; whoever
// reads is told of them. A host that has not been heard of for too long, as package
// hostgroup judges, is shown as unreachable, with the time since when: what it
// reported last may not be true any more.
//
// An [Inventory] holds what one [Kind] of table needs. [Load] reads it once,
// [Watch] goes on with every change.
package inventory
