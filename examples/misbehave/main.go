//go:build wasip1

// Command misbehave is a component with everything a host has to survive: each
// path does something that a good guest would not.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/wattle-dev/wattle/examples/internal/wasi"
	"github.com/wattle-dev/wattle/examples/internal/wasihttp"
)

func init() {
	mux := http.NewServeMux()
	mux.HandleFunc("/ok", ok)
	mux.HandleFunc("/loop", loop)
	mux.HandleFunc("/recurse", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, recurse(1)) })
	mux.HandleFunc("/memory", memory)
	mux.HandleFunc("/crash", crash)
	mux.HandleFunc("/late", late)
	mux.HandleFunc("/exit", func(http.ResponseWriter, *http.Request) { os.Exit(7) })
	mux.HandleFunc("/endless", endless)
	mux.HandleFunc("/stderr", stderr)
	mux.HandleFunc("/noread", ok)
	mux.HandleFunc("/sleep", func(http.ResponseWriter, *http.Request) { time.Sleep(time.Hour) })
	mux.HandleFunc("/handles", handles)
	wasihttp.Serve(mux)
}

// main never runs: the host calls the exported handler.
func main() {}

func ok(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") }

var sink int

// loop never ends and calls nobody.
func loop(http.ResponseWriter, *http.Request) {
	for {
		sink++
	}
}

//go:noinline
func recurse(n int) int { return recurse(n+1) + n }

// memory takes all there is.
func memory(http.ResponseWriter, *http.Request) {
	var all [][]byte
	for {
		b := make([]byte, 1<<20)
		for i := range b {
			b[i] = byte(i)
		}
		all = append(all, b)
		sink += len(all)
	}
}

// crash traps before anything is answered.
func crash(http.ResponseWriter, *http.Request) {
	fmt.Fprintln(os.Stderr, "about to crash")
	die()
}

// die ends the program from a goroutine whose panic nobody can recover.
func die() {
	go panic("misbehave: crash")
	time.Sleep(time.Hour)
}

// late traps when half of the answer is on its way.
func late(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100")
	_, _ = io.WriteString(w, "half of it")
	_ = http.NewResponseController(w).Flush()
	die()
}

// endless answers for as long as somebody listens.
func endless(w http.ResponseWriter, _ *http.Request) {
	b := make([]byte, 64<<10)
	for {
		if _, err := w.Write(b); err != nil {
			return
		}
	}
}

// stderr talks without end and answers nothing.
func stderr(http.ResponseWriter, *http.Request) {
	for {
		fmt.Fprintln(os.Stderr, "la la la la la la la la la la la la la la la la la la la la la la la la la la la la")
	}
}

// handles opens resources of the host and never closes one.
func handles(http.ResponseWriter, *http.Request) {
	for {
		wasi.NewFields()
	}
}
