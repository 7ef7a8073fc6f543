package wattlemcp

import "runtime"

//go:wasmimport wattle:mcp/host@0.1.0 progress
func hostProgress(done float64, hasTotal uint32, total float64, hasMessage, message, n uint32)

//go:wasmimport wattle:mcp/host@0.1.0 log
func hostLog(level, hasLogger, logger, loggerLen, data, dataLen uint32)

//go:wasmimport wattle:mcp/host@0.1.0 cancelled
func hostCancelled() uint32

// Progress says how far the call has come: done of total, unless that is zero.
func Progress(done, total float64, message string) {
	var hasTotal, hasMessage uint32
	if total > 0 {
		hasTotal = 1
	}
	if message != "" {
		hasMessage = 1
	}
	text := []byte(message)
	hostProgress(done, hasTotal, total, hasMessage, address(text), uint32(len(text)))
	runtime.KeepAlive(text)
}

// Log sends the client a log message, whose data is any JSON.
func Log(level Level, logger string, data JSON) {
	var hasLogger uint32
	if logger != "" {
		hasLogger = 1
	}
	name, text := []byte(logger), []byte(data)
	hostLog(uint32(level), hasLogger, address(name), uint32(len(name)), address(text), uint32(len(text)))
	runtime.KeepAlive(name)
	runtime.KeepAlive(text)
}

// Cancelled reports whether nobody waits for the answer any more.
func Cancelled() bool { return hostCancelled() != 0 }
