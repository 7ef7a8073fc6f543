//go:build !linux

package machine

import (
	"runtime"
	"runtime/metrics"
)

// Detect returns what this machine is.
func Detect() Machine {
	return Machine{
		Arch: runtime.GOARCH, OS: runtime.GOOS, CPUs: float64(runtime.NumCPU()),
		Isolation: Process, Evidence: []string{"isolation is detected on Linux only"},
	}
}

// usageOf returns what reads how much of this machine is used, as far as Go's
// runtime knows.
func usageOf() func() usage { return current }

func current() usage {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	total, released := samples[0].Value.Uint64(), samples[1].Value.Uint64()
	return usage{resident: total - min(released, total)}
}
