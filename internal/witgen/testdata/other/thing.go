// Package other is generated from ../wit/other.wit, except for its resource.
package other

// Thing is resource thing.
type Thing struct{ ID int }
