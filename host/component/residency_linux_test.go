package component_test

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/host/component"
)

// privateMemory returns the bytes of memory of this process that are in no file
// and that it needs, machine code among them. What finalizers free is waited for,
// as long as there is more than expected.
func privateMemory(tb testing.TB, expected int64) (bytes int64) {
	tb.Helper()
	settle(func() bool {
		debug.FreeOSMemory()
		bytes = memoryStatus(tb, "RssAnon:")
		return bytes <= expected
	})
	return bytes
}

// settle has the garbage collector run until done says that it has what it waits
// for, or a minute has passed.
func settle(done func() bool) {
	for end := time.Now().Add(time.Minute); !done() && time.Now().Before(end); {
		runtime.GC()
	}
}

func memoryStatus(tb testing.TB, field string) int64 {
	tb.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		tb.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), field)
	var kib int64
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		tb.Fatal(err)
	}
	return kib << 10
}

// codeMappings returns how many bytes of machine code are mapped that are in no
// file.
func codeMappings(tb testing.TB) (bytes int64) {
	tb.Helper()
	f, err := os.Open("/proc/self/maps")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var from, to, offset, inode int64
		var perm, device string
		n, _ := fmt.Sscanf(lines.Text(), "%x-%x %s %x %s %d", &from, &to, &perm, &offset, &device, &inode)
		if n == 6 && perm == "r-xp" && inode == 0 && !strings.HasSuffix(lines.Text(), "]") {
			bytes += to - from
		}
	}
	return bytes
}

// Code that nobody needs is given back to the system, whichever goes first: the
// engine keeps lists of it.
func TestUnloadFreesCode(t *testing.T) {
	const padding = 20_000
	size := codeSize(t, padding)
	r := newResidents(t, 40, padding, component.EngineOptions{MaxCode: -1})
	loaded := codeMappings(t)
	if loaded < 40*size {
		t.Fatalf("%d bytes of code are mapped, want 40 times %d", loaded, size)
	}
	for _, stride := range []int{1, -1, 7} { // in the order in which they were loaded, from behind, and mixed
		for n := range r.all {
			r.use(n)
		}
		for i := range r.all {
			r.Unload(t, r.all[(i*stride%40+40)%40])
		}
		if s := r.Stats(); s.Loaded != 0 || s.CodeBytes != 0 {
			t.Fatalf("%+v", s)
		}
		var left int64
		settle(func() bool {
			left = codeMappings(t)
			return left <= loaded-38*size
		})
		if left > loaded-38*size {
			t.Errorf("%d bytes of code were mapped and %d are", loaded, left)
		}
	}
}

// A thousand components that nobody uses cost a fraction of what they cost in
// memory.
func TestDensity(t *testing.T) {
	count := int64(1000)
	if testing.Short() {
		count = 100
	}
	const padding = 6000
	newResidents(t, 2, padding, component.EngineOptions{}).use(1) // what is made once
	before := privateMemory(t, math.MaxInt64)
	r := newResidents(t, int(count), padding, component.EngineOptions{MaxCode: -1})
	code := r.Stats().CodeBytes
	loaded := privateMemory(t, math.MaxInt64) - before
	for _, c := range r.all {
		r.Unload(t, c)
	}
	unloaded := privateMemory(t, before+loaded/4) - before
	t.Logf("%d components: %d bytes of code each, %d bytes of memory when loaded, %d when not", count, code/count, loaded/count, unloaded/count)
	if loaded < code {
		t.Errorf("loaded components take %d bytes, less than their code", loaded)
	}
	if unloaded > loaded/4 {
		t.Errorf("%d components take %d bytes when they are not loaded, and %d when they are", count, unloaded, loaded)
	}
	for n := range r.all {
		if !r.use(n) {
			t.Errorf("component %d was in memory", n)
		}
	}
	used := privateMemory(t, before+loaded+loaded/2) - before
	t.Logf("%d bytes each after a use, with %d idle instances", used/count, r.Stats().Idle)
	if used > loaded+loaded/2 {
		t.Errorf("%d components take %d bytes after each was used, and %d before", count, used, loaded)
	}
}
