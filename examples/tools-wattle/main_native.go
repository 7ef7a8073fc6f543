//go:build !wasip1

// Command tools-wattle calls one of its tools, without a host:
//
//	go run . scale '{"recipe":"bread","servings":2}'
package main

import (
	"fmt"
	"os"

	mcp "github.com/wattle-dev/wattle/examples/internal/wattlemcp"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: tools-wattle TOOL ARGUMENTS")
		os.Exit(2)
	}
	outcome, err := recipes.CallTool(&mcp.Request{Callers: []string{"operator/me"}}, os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(text(outcome))
}
