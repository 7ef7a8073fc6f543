// Package deps carries the WIT text of the interfaces that Wattle implements, as
// their authors publish it. Host bindings are generated from it, and it resolves
// what the WIT of a user mentions.
//
// Folder wasi holds WASI 0.2, version 0.2.12, one file per package, as published
// in crate wasip2 2.0.1+wasi-0.2.12, with its licence (Apache-2.0 with LLVM
// exception) beside it. The files are unchanged; to update, replace all of them
// together.
//
// Folder wasmcloud holds interfaces of wasmCloud, in the versions that its components
// import: from the repository github.com/wasmCloud/wasmCloud, with its licence
// (Apache-2.0) beside it. Those of Folder wasi-draft that are wasi:config, wasi:logging and
// wasi:messaging are from github.com/WebAssembly/wasi-config, wasi-logging and
// wasi-messaging, and in the versions that wasmCloud alone has published, from its
// repository. Packages of several files are one file here.
// Of wasmcloud:bus 2.0.1 the interface error is left out, which needs packages of wRPC.
//
// Folder wasmcp holds interfaces of wasmcp: from the repository github.com/wasmcp/wasmcp at
// 9fbce02, with its licence (Apache-2.0) beside it. They are those that a component with tools,
// resources, prompts or completions imports and exports: left out are the interface sessions,
// the functions of server-handler and server-auth, and server-io.parse-message, which are for
// transports and what lies between. They use wasi:io in the version that is here.
//
// Folder wattle holds interfaces of Wattle itself.
package deps

import (
	"embed"
	"fmt"
	"io/fs"

	"github.com/wattle-dev/wattle/wit/syntax"
)

// FS holds the .wit files: one folder per origin, in it one file per package.
//
//go:embed wasi wasi-draft wasmcloud wasmcp wattle
var FS embed.FS

// Sources returns the text of every package.
func Sources() ([]syntax.Source, error) { return read("*") }

func read(folder string) ([]syntax.Source, error) {
	names, err := fs.Glob(FS, folder+"/*.wit")
	if err != nil {
		return nil, err
	}
	sources := make([]syntax.Source, len(names))
	for i, name := range names {
		text, err := fs.ReadFile(FS, name)
		if err != nil {
			return nil, fmt.Errorf("embedded WIT: %w", err)
		}
		sources[i] = syntax.Source{{Name: name, Text: string(text)}}
	}
	return sources, nil
}

// Packages parses the packages of WASI 0.2. opts may be nil.
func Packages(opts *syntax.Options) (*syntax.Set, error) { return parse(opts, "wasi") }

// All parses every package. opts may be nil.
func All(opts *syntax.Options) (*syntax.Set, error) { return parse(opts, "*") }

func parse(opts *syntax.Options, folder string) (*syntax.Set, error) {
	sources, err := read(folder)
	if err != nil {
		return nil, err
	}
	return syntax.Parse(opts, sources...)
}
