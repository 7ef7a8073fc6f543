package component

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// maxRequest bounds the line that a request is.
	maxRequest = 64 << 10
	// maxCompiled bounds a core module.
	maxCompiled = 1 << 30
	// watchInterval is how often a child looks at how much memory it has.
	watchInterval = 50 * time.Millisecond
)

// ServeCompiler is the child process of a Compiler: it compiles the module that
// in brings, within the limits that come with it, and writes to out how that
// went. The process must end when it returns: limits are set for all of it, and a
// compilation that has to be given up still runs. in and out are its standard
// input and output.
func ServeCompiler(in io.Reader, out io.Writer) error {
	answer, err := serveCompiler(in)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(answer)
}

// errNobodyWaits is that the process which asked is gone.
var errNobodyWaits = errors.New("nobody waits for the code")

func serveCompiler(in io.Reader) (*compileAnswer, error) {
	r := bufio.NewReaderSize(in, maxRequest)
	line, err := r.ReadSlice('\n')
	if err != nil {
		return nil, fmt.Errorf("read what to compile: %w", err)
	}
	var q compileRequest
	if err := json.Unmarshal(line, &q); err != nil {
		return nil, fmt.Errorf("read what to compile: %w", err)
	}
	if q.Size < 0 || q.Size > maxCompiled || q.Shell < 0 || q.Shell > maxCompiled {
		return &compileAnswer{faultRequest, fmt.Sprintf("module has %d bytes, limit %d", max(q.Size, q.Shell), maxCompiled)}, nil
	}
	timeout := make(chan os.Signal, 1)
	notifyTimeout(timeout)
	defer signal.Stop(timeout)
	if err := limitProcess(q.Seconds, q.Memory); err != nil {
		return &compileAnswer{faultRequest, fmt.Sprintf("limit the process: %v", err)}, nil
	}
	debug.SetMemoryLimit(int64(min(q.Memory/4*3, 1<<62)))
	both := make([]byte, q.Size+q.Shell)
	if _, err := io.ReadFull(r, both); err != nil {
		return nil, errNobodyWaits
	}
	module, shell := both[:q.Size], both[q.Size:]
	if q.Shell == 0 {
		shell = nil
	}
	gone := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, r)
		close(gone)
	}()
	done := make(chan error, 1)
	go func() {
		done <- compileBoth(context.Background(), q.Dir, module, shell, max(2, runtime.GOMAXPROCS(0)))
	}()
	watch := time.NewTicker(watchInterval)
	defer watch.Stop()
	for {
		select {
		case err := <-done:
			return answerOf(err), nil
		case <-timeout:
			return &compileAnswer{Fault: faultTime}, nil
		case <-gone:
			return nil, errNobodyWaits
		case <-watch.C:
			if inUse() > q.Memory {
				return &compileAnswer{Fault: faultMemory}, nil
			}
		}
	}
}

// answerOf returns the answer for the result of a compilation.
func answerOf(err error) *compileAnswer {
	switch {
	case err == nil:
		return &compileAnswer{Fault: faultNone}
	case isStorage(err):
		return &compileAnswer{faultStorage, cause(err).Error()}
	}
	return &compileAnswer{faultModule, err.Error()}
}

// inUse returns the bytes of memory that this process has from the system.
func inUse() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64() - s[1].Value.Uint64()
}
