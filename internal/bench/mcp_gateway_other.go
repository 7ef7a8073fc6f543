//go:build !linux

package main

import "time"

// sleepUntil sleeps with the precision of Go's timers.
func sleepUntil(at time.Time) { time.Sleep(time.Until(at)) }
