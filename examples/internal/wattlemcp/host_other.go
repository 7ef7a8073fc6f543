//go:build !wasip1

package wattlemcp

// Progress does nothing: there is no host.
func Progress(float64, float64, string) {}

// Log does nothing: there is no host.
func Log(Level, string, JSON) {}

// Cancelled returns false: there is no host.
func Cancelled() bool { return false }
