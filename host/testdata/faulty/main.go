//go:build wasip1

// Command faulty is the guest of the host's tests. Each path is one way to behave.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/wattle-dev/wattle/examples/internal/wasi"
)

// requests counts the requests of this instance. It is never more than one.
var requests int

//go:wasmexport wasi:http/incoming-handler@0.2.12#handle
func handle(request wasi.IncomingRequest, out wasi.ResponseOutparam) {
	requests++
	switch path := request.PathWithQuery(); path {
	case "/ok":
		respond(out, fmt.Sprintf("ok %d\n", requests))
	case "/panic":
		fmt.Fprintln(os.Stderr, "about to panic")
		panic("boom")
	case "/trap":
		trap()
	case "/trap-late":
		respond(out, "whole")
		trap()
	case "/trap-partly":
		_, stream := begin(out)
		stream.Write([]byte("part"), nil)
		trap()
	case "/loop":
		for requests > 0 {
		}
	case "/memory":
		var held [][]byte
		for {
			held = append(held, make([]byte, 1<<20))
			held[len(held)-1][0] = byte(len(held))
		}
	case "/nothing":
	case "/error":
		out.SetInternalError("a reason")
	case "/endless":
		_, stream := begin(out)
		for {
			if _, err := stream.Write(make([]byte, 4096), nil); err != nil {
				fmt.Fprintln(os.Stderr, "write:", err)
				return
			}
		}
	case "/flood":
		line := make([]byte, 1000)
		for i := range line {
			line[i] = 'x'
		}
		for range 1000 {
			fmt.Fprintf(os.Stdout, "%s\n", line)
		}
		respond(out, "flooded")
	case "/lines":
		fmt.Fprint(os.Stdout, "one\ntwo\r\nwithout end")
		fmt.Fprint(os.Stderr, "err\n")
		respond(out, "written")
	case "/wait":
		consumed, err := request.Consume()
		if err != nil {
			panic(err)
		}
		body, err := consumed.Stream()
		if err != nil {
			panic(err)
		}
		buf := make([]byte, 100)
		for {
			if _, err := body.Read(buf, nil); err != nil {
				if err != io.EOF {
					panic(err)
				}
				break
			}
		}
		respond(out, "waited")
	default:
		respond(out, "no such behaviour: "+path)
	}
}

// trap uses a handle that does not exist.
func trap() { wasi.IncomingRequest(1 << 20).Drop() }

func begin(out wasi.ResponseOutparam) (wasi.OutgoingBody, wasi.OutputStream) {
	response := wasi.NewResponse(wasi.NewFields())
	body, err := response.Body()
	if err != nil {
		panic(err)
	}
	out.SetResponse(response)
	stream, err := body.Stream()
	if err != nil {
		panic(err)
	}
	return body, stream
}

func respond(out wasi.ResponseOutparam, text string) {
	body, stream := begin(out)
	_, err := stream.Write([]byte(text), nil)
	stream.Drop()
	if err != nil {
		body.Drop()
		return
	}
	if err := body.Finish(nil); err != nil {
		panic(err)
	}
}

// main never runs: the host calls handle.
func main() {}
