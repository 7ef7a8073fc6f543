//go:build !wasip1

// Command tools-wattle calls one of its tools, without a host:
//
//	go run . scale '{"recipe":"bread","servings":2}'
package main

import (
	"flag"
	"log"

	mcp "github.com/wattle-dev/wattle/examples/internal/wattlemcp"
)

func main() {
	log.SetFlags(0)
	flag.Parse()
	if flag.NArg() != 2 {
		log.Fatal("usage: tools-wattle TOOL ARGUMENTS")
	}
	outcome, err := recipes.CallTool(&mcp.Request{Callers: []string{"operator/me"}}, flag.Arg(0), flag.Arg(1))
	if err != nil {
		log.Fatal(err)
	}
	log.Print(text(outcome))
}
