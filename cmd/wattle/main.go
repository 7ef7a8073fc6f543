// Command wattle runs WebAssembly components, MCP servers above all, and lets
// each reach only what it was given.
package main

import (
	"context"
	"os"

	"github.com/wattle-dev/wattle/internal/cli"
)

func main() {
	ctx, stop := cli.Signals(context.Background())
	code := cli.Main(ctx, &cli.Env{
		Args:   os.Args[1:],
		Stdin:  os.Stdin,
		Stdout: os.Stdout,
		Stderr: os.Stderr,
		Getenv: os.Getenv,
		Self:   cli.Self(),
	})
	stop()
	os.Exit(code)
}
