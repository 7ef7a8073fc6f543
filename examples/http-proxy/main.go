//go:build wasip1

// Command http-proxy is a component that fetches GET /?url=… and streams the
// answer back: status, header, body and trailers.
package main

import (
	"errors"

	"github.com/wattle-dev/wattle/examples/internal/wasi"
	"github.com/wattle-dev/wattle/examples/internal/wasihttp"
)

func init() {
	wasihttp.Serve(&proxy{transport: wasihttp.Transport{}, classify: classify})
}

// main never runs: the host calls the exported handler.
func main() {}

// classify says what kind of failure an error of the transport is.
func classify(err error) failure {
	var code *wasi.ErrorCode
	if !errors.As(err, &code) {
		return failed
	}
	switch code.Case {
	case wasi.HTTPRequestDenied, wasi.DestinationIPProhibited:
		return denied
	case wasi.DNSTimeout, wasi.ConnectionTimeout, wasi.HTTPResponseTimeout:
		return timedOut
	}
	return failed
}
