//go:build !linux

package main

import "time"

var begun = time.Now()

// processorTime returns the time that has passed: the nearest that there is
// everywhere.
func processorTime() time.Duration { return time.Since(begun) }

// processorTimeOf returns zero: there is no portable way to ask.
func processorTimeOf(int) time.Duration { return 0 }
