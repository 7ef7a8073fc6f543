package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi"
	wasihttp "github.com/wattle-dev/wattle/host/wasi/http"
)

// held is an instance that is held.
type held struct {
	component *component.Component
	state     *wasi.State
	instance  *component.Instance
}

func newHeld(ctx context.Context, c *component.Component) (*held, error) {
	h := &held{component: c, state: wasi.NewState(wasi.Options{})}
	var err error
	h.instance, err = c.Instantiate(ctx, h.state, component.Limits{})
	return h, err
}

// request has the instance answer a request for a path, or add two numbers if the
// path is empty.
func (h *held) request(ctx context.Context, path string) error {
	if path == "" {
		f, err := h.instance.Func("demo:calc/ops", "add")
		if err != nil {
			return err
		}
		_, err = f.Call(ctx, int32(1), int32(2))
		return err
	}
	method, body := http.MethodGet, io.Reader(http.NoBody)
	if path == "/mcp" {
		method, body = http.MethodPost, strings.NewReader(echo)
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://localhost"+path, body)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	var handler string
	for _, name := range h.component.Exports() {
		if strings.HasPrefix(name, "wasi:http/incoming-handler@") {
			handler = name
		}
	}
	f, err := h.instance.Func(handler, "handle")
	if err != nil {
		return err
	}
	w := &answer{header: http.Header{}}
	ex := wasihttp.NewExchange(h.state.HTTP(), w, r)
	err = f.CallHandles(ctx, ex.Handles()...)
	err = errors.Join(err, ex.Finish(ctx))
	ex.Close()
	if err == nil && w.status != http.StatusOK {
		err = fmt.Errorf("the answer is %d", w.status)
	}
	return err
}

// answer is the answer to a request, of which the status matters.
type answer struct {
	header http.Header
	status int
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if status >= http.StatusOK {
		a.status = status
	}
}

func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return len(p), nil
}

func (h *held) close() error {
	h.instance.Close()
	return h.state.Close()
}

// requests measures requests without a network, a connection or a client: what an
// instance costs and what it does. It is what a profile should be taken of.
func requests(ctx context.Context, s *session) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	for _, c := range []struct {
		name, file, path string
		preinit          bool
	}{
		{"C, hello", cHello, "/exact", false},
		{"Go, hello, --preinit", goHello, "/", true},
		{"TypeScript, tools/call", tsServer, "/mcp", false},
		{"Go, tools/call", goServer, "/mcp", false},
		{"Go, tools/call, --preinit", goServer, "/mcp", true},
	} {
		err := s.row(row{Name: c.name}, func(r *row) error {
			i, err := s.newInstantiation(ctx, c.file, 0, c.preinit)
			if err != nil {
				return err
			}
			defer i.close()
			return s.costs(r, 1, func() error {
				h, err := newHeld(ctx, i.comp)
				if err != nil {
					return err
				}
				return errors.Join(h.request(ctx, c.path), h.close())
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}
