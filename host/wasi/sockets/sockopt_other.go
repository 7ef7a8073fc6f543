//go:build !unix

package sockets

// setHopLimit leaves the hop limit as the system has it.
func setHopLimit(uintptr, string, int) error { return nil }
