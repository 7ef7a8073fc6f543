package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/syntax"
	"github.com/wattle-dev/wattle/wit/witjson"
)

// root is where a subject's text lies in its file system.
const root = "wit"

// ourText returns Wattle's document of the package in a file system.
func ourText(files fs.FS) (text []byte, err error) {
	defer refusePanic(&err)
	set, err := syntax.Load(files, root, &syntax.Options{AllFeatures: true})
	if err != nil {
		return nil, err
	}
	return witjson.Marshal(set.Packages...), nil
}

// ourWorld returns Wattle's view of a component.
func ourWorld(wasm []byte) (w *wit.World, err error) {
	defer refusePanic(&err)
	ast, err := binary.Decode(wasm, nil)
	if err != nil {
		return nil, err
	}
	return component.World(ast)
}

// errPanic is never right.
var errPanic = errors.New("panic")

func refusePanic(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%w: %v", errPanic, r)
	}
}
