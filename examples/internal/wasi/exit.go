//go:build wasip1

package wasi

//go:wasmimport wasi:cli/exit@0.2.12 exit-with-code
func exitWithCode(code uint32)

// ExitWithCode ends the program with an exit code. It does not return.
func ExitWithCode(code uint8) { exitWithCode(uint32(code)) }
