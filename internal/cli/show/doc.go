// Package show writes what commands found, for people and for programs.
//
// A table is for people: columns that fit a terminal, or all of them if it is
// wide. JSON and YAML are for programs and have whole documents, with the same
// names and in the same order.
//
// Nothing that came from a lattice can change the terminal: control characters
// are replaced in tables, JSON and YAML escape them.
package show
