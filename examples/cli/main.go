//go:build wasip1

// Command textool searches and counts text: `textool grep PATTERN [FILE...]`
// and `textool wc [FILE...]`. It is an ordinary Go program with os, bufio and
// regexp; only its entry point differs, see README.md.
package main

import (
	"os"

	"github.com/wattle-dev/wattle/examples/internal/wasi"
)

//go:wasmexport wasi:cli/run@0.2.12#run
func run() uint32 {
	code := textool(os.Args, os.Getenv, os.Stdin, os.Stdout, os.Stderr)
	if code > 1 {
		// run can only say success or failure; this says which failure.
		wasi.ExitWithCode(uint8(code))
	}
	return uint32(code)
}

// main never runs: the host calls run.
func main() {}
