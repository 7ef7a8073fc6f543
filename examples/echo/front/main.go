//go:build wasip1

// Command front answers every HTTP request with the path that was asked for, and with
// what another component has counted in it. Which component that is says the link in
// wattle.yaml: here is only the interface that it must have.
package main

import (
	"net/url"
	"strconv"
	"strings"
	"structs"

	"github.com/wattle-dev/wattle/examples/internal/wasi"
)

// counts is the record of demo:echo/count as the Canonical ABI stores it.
type counts struct {
	_              structs.HostLayout
	letters, words uint32
}

//go:wasmimport demo:echo/count@1.0.0 of
func countOf(text string, result *counts)

//go:wasmexport wasi:http/incoming-handler@0.2.12#handle
func handle(request wasi.IncomingRequest, out wasi.ResponseOutparam) {
	path, _, _ := strings.Cut(request.PathWithQuery(), "?")
	request.Drop()
	text, err := url.PathUnescape(strings.TrimPrefix(path, "/"))
	if err != nil {
		text = path
	}
	var c counts
	countOf(text, &c)
	answer := text + "\n" + plural(c.letters, "letter") + " in " + plural(c.words, "word") + "\n"
	if err := respond(out, answer); err != nil {
		println("front:", err.Error())
	}
}

func plural(n uint32, what string) string {
	s := strconv.FormatUint(uint64(n), 10) + " " + what
	if n != 1 {
		s += "s"
	}
	return s
}

func respond(out wasi.ResponseOutparam, text string) error {
	header := wasi.NewFields()
	header.Append("content-type", "text/plain; charset=utf-8")
	header.Append("content-length", strconv.Itoa(len(text)))
	response := wasi.NewResponse(header)
	body, err := response.Body()
	if err != nil {
		return err
	}
	out.SetResponse(response)
	stream, err := body.Stream()
	if err != nil {
		return err
	}
	_, err = stream.Write([]byte(text), nil)
	stream.Drop()
	if err != nil {
		body.Drop()
		return err
	}
	return body.Finish(nil)
}

// main never runs: the host calls handle.
func main() {}
