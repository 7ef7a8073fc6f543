package component_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/host/component"
)

func TestZZProbe(t *testing.T) {
	files, _ := filepath.Glob(os.Getenv("PROBE"))
	for _, f := range files {
		wasm, _ := os.ReadFile(f)
		e := newEngine(t, nil)
		start := time.Now()
		c, err := e.Load(t.Context(), wasm, nil)
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		s := ""
		if err != nil {
			s = err.Error()
			s = s[:min(len(s), 300)]
		}
		t.Logf("%s: load %v heap %d MiB sys %d: %s", filepath.Base(f), time.Since(start).Round(time.Millisecond), m.HeapAlloc>>20, m.Sys>>20, s)
		if err != nil {
			continue
		}
		start = time.Now()
		in, err := c.Instantiate(t.Context(), nil, component.Limits{})
		runtime.ReadMemStats(&m)
		t.Logf("   instantiate %v heap %d MiB: %v", time.Since(start).Round(time.Millisecond), m.HeapAlloc>>20, err)
		if in != nil {
			maps, _ := os.ReadFile("/proc/self/maps")
			n := 0
			for _, b := range maps {
				if b == '\n' {
					n++
				}
			}
			t.Logf("   maps %d", n)
			in.Close()
		}
		_ = c.Close(t.Context())
	}
}
