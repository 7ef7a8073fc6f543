package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/host/component/core"
	"github.com/wattle-dev/wattle/host/component/validate"
)

// accepted is the code of what is valid.
const accepted = "valid"

// judgement is what one side says of a component.
type judgement struct {
	// code is a stable name for what is wrong, or accepted.
	code string
	msg  string
	// decoded is set if what is wrong, if anything, is found after decoding.
	decoded bool
}

// wattle judges components as the host does.
type wattle struct{ engine wazero.Runtime }

func newWattle(ctx context.Context) *wattle {
	features := api.CoreFeaturesV2 | experimental.CoreFeaturesExtendedConst | experimental.CoreFeaturesTailCall
	return &wattle{wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(features))}
}

func (w *wattle) judge(ctx context.Context, wasm []byte) judgement {
	ast, err := binary.Decode(wasm, nil)
	if err != nil {
		if e, ok := errors.AsType[*binary.Error](err); ok {
			return judgement{code: "binary:" + string(e.Code), msg: err.Error()}
		}
		return judgement{code: "binary", msg: err.Error()}
	}
	var modules []*core.Module
	err = validate.Component(ast, &validate.Options{Module: func(m *binary.CoreModule) (*core.Module, error) {
		info, err := core.Inspect(m.Bytes)
		if err != nil {
			return nil, err
		}
		// The engine takes no empty names of modules.
		usable, err := core.Rewrite(m.Bytes, nil)
		if err != nil {
			return nil, err
		}
		modules = append(modules, usable)
		return info, nil
	}})
	if err != nil {
		if e, ok := errors.AsType[*validate.Error](err); ok {
			return judgement{code: "validate:" + string(e.Code), msg: err.Error(), decoded: true}
		}
		return judgement{code: "core", msg: err.Error(), decoded: true}
	}
	for _, m := range modules {
		code, err := w.engine.CompileModule(ctx, m.Bytes)
		if err != nil {
			return judgement{code: "engine", msg: err.Error(), decoded: true}
		}
		if err := code.Close(ctx); err != nil {
			return judgement{code: "engine", msg: err.Error(), decoded: true}
		}
	}
	return judgement{code: accepted, decoded: true}
}

var (
	offsetPart = regexp.MustCompile(`\(?\s*at offset 0x[0-9a-f]+\)?`)
	quotedPart = regexp.MustCompile("(?s)`[^`]*`|\"(\\\\.|[^\"\\\\])*\"|'[^']*'")
	numberPart = regexp.MustCompile(`0x[0-9a-fA-F]+|\d+`)
	spacePart  = regexp.MustCompile(`\s+`)
)

// wasmtime makes a judgement of wasmtime's answer.
func wasmtime(answer string) judgement {
	if answer == "" {
		return judgement{code: accepted}
	}
	msg := answer
	for _, prefix := range []string{"failed to parse WebAssembly module", "Caused by:", "failed to translate"} {
		msg = strings.Replace(msg, prefix, "", 1)
	}
	msg = spacePart.ReplaceAllString(strings.TrimSpace(msg), " ")
	code := strings.TrimSpace(offsetPart.ReplaceAllString(msg, ""))
	if m := conflict.FindStringSubmatch(code); m != nil && !strings.EqualFold(m[1], m[2]) {
		code += " (they differ in more than case)"
	}
	code = quotedPart.ReplaceAllStringFunc(code, keep)
	code = numberPart.ReplaceAllString(code, "N")
	return judgement{code: strings.TrimSpace(code), msg: msg}
}

// conflict is the message on names that are not strongly-unique.
var conflict = regexp.MustCompile("name `([^`]*)` conflicts with previous name `([^`]*)`")

// keep keeps the names of things that wasmtime quotes, and nothing of the
// component.
func keep(quoted string) string {
	inner := quoted[1 : len(quoted)-1]
	if vocabulary.MatchString(inner) {
		return quoted
	}
	return quoted[:1] + "…" + quoted[len(quoted)-1:]
}

var vocabulary = regexp.MustCompile(`^(async|memory|realloc|post-return|callback|self|borrow|own|implements|versionsuffix|external-id|` +
	`\(own \$T\)|\(result \(own \$T\)\)|\(borrow \$T\)|(stream|future|task|thread|subtask|waitable|waitable-set|context|backpressure|error-context)[.a-z-]*)$`)

// class is a class of disagreement.
func class(ours, theirs judgement) string { return fmt.Sprintf("%s | %s", ours.code, theirs.code) }
