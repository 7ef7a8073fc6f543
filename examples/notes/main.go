//go:build wasip1

// Command notes is a component that keeps notes. It has no file, no socket and no
// credential of its own: what it reaches, its links give it.
package main

import (
	"errors"

	"github.com/wattle-dev/wattle/examples/internal/wasi"
	"github.com/wattle-dev/wattle/examples/internal/wasihttp"
)

func init() {
	wasihttp.Serve(&notes{
		open:      func() (store, error) { return wasi.OpenBucket("") },
		setting:   setting,
		transport: wasihttp.Transport{},
		denied:    denied,
		page:      "/etc/notes/page.html",
		scratch:   "/scratch",
	})
}

// main never runs: the host calls the exported handler.
func main() {}

func setting(name string) (string, error) {
	value, _, err := wasi.Config(name)
	return value, err
}

// denied reports whether the component's link does not allow a request.
func denied(err error) bool {
	var code *wasi.ErrorCode
	return errors.As(err, &code) && (code.Case == wasi.HTTPRequestDenied || code.Case == wasi.DestinationIPProhibited)
}
