//go:build wasip1

// Command hello-http answers every HTTP request with one line of text. It uses
// the WASI bindings directly and not net/http, so it is about as small as a Go
// component gets.
package main

import "github.com/wattle-dev/wattle/examples/internal/wasi"

//go:wasmexport wasi:http/incoming-handler@0.2.12#handle
func handle(request wasi.IncomingRequest, out wasi.ResponseOutparam) {
	request.Drop()
	if err := respond(out); err != nil {
		println("hello-http:", err.Error())
	}
}

func respond(out wasi.ResponseOutparam) error {
	const text = "Hello from Go\n"
	header := wasi.NewFields()
	header.Append("content-type", "text/plain; charset=utf-8")
	header.Append("content-length", "14")
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
