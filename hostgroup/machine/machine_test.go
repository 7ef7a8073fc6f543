package machine_test

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/wattle-dev/wattle/hostgroup/machine"
)

// tree returns the files of an archive.
func tree(t testing.TB, file string) fstest.MapFS {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	for _, f := range archive.Files {
		files[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	return files
}

func TestDetectIn(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, archive := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(archive), ".txtar"), func(t *testing.T) {
			files := tree(t, archive)
			var want machine.Machine
			if err := json.Unmarshal(files["want.json"].Data, &want); err != nil {
				t.Fatal(err)
			}
			want.Arch = runtime.GOARCH
			if diff := cmp.Diff(want, machine.DetectIn(files)); diff != "" {
				t.Errorf("DetectIn (-want +got):\n%s", diff)
			}
		})
	}
}

// TestIsolations finds kinds for which there is no archive.
func TestIsolations(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	found := map[machine.Isolation]bool{}
	for _, archive := range archives {
		found[machine.DetectIn(tree(t, archive)).Isolation] = true
	}
	want := []machine.Isolation{machine.Kata, machine.GVisor, machine.VM, machine.Container, machine.Process}
	for _, kind := range want {
		if !found[kind] {
			t.Errorf("no archive of kind %q", kind)
		}
	}
}

func TestLabels(t *testing.T) {
	m := machine.Machine{Arch: "arm64", OS: "linux", Kernel: "6.1", CPUs: 1.56, MemoryBytes: 5<<30 - 1, Isolation: machine.Kata}
	want := map[string]string{"arch": "arm64", "os": "linux", "kernel": "6.1", "cpu": "1.5", "memory": "4GiB", "isolation": "kata"}
	if diff := cmp.Diff(want, m.Labels()); diff != "" {
		t.Errorf("Labels (-want +got):\n%s", diff)
	}
	for _, label := range slices.Sorted(maps.Keys(want)) {
		if !machine.Detected(label) {
			t.Errorf("%q is not a label that is detected", label)
		}
	}
	if machine.Detected("zone") {
		t.Error(`"zone" is a label that is detected`)
	}
	m.MemoryBytes = 300 << 20
	if got := m.Labels()["memory"]; got != "300MiB" {
		t.Errorf("memory is %q, want 300MiB", got)
	}
	few := machine.Machine{Arch: "wasm", OS: "js", Isolation: machine.Process}
	if diff := cmp.Diff(map[string]string{"arch": "wasm", "os": "js", "isolation": "process"}, few.Labels()); diff != "" {
		t.Errorf("Labels of what is not known (-want +got):\n%s", diff)
	}
}

func TestMeter(t *testing.T) {
	files := tree(t, "testdata/vm.txtar")
	set := func(name, text string) { files[name] = &fstest.MapFile{Data: []byte(text)} }
	const group = "sys/fs/cgroup/system.slice/wattle.service/"
	set("proc/self/status", "VmRSS:\t 2048 kB\n")
	set("proc/self/stat", "7 (a) b) c) S 1 7 7 0 -1 4194560 1 2 3 4 100 50 9 9 20 0 1 0\n")
	set("proc/stat", "cpu  1000 0 500 70000 30 0 0 0 900 0\ncpu0 1 2 3 4\n")
	set(group+"memory.current", "2000000000\n")
	set(group+"memory.stat", "anon 5\ninactive_file 500000000\n")
	m := machine.NewMeterIn(files)
	now := time.Now()
	want := machine.Load{MemoryBytes: 2 << 20, AvailableBytes: 2147483648 - 1500000000}
	if diff := cmp.Diff(want, m.Sample(now)); diff != "" {
		t.Errorf("first sample (-want +got):\n%s", diff)
	}
	set("proc/self/stat", "7 (a) b) c) S 1 7 7 0 -1 4194560 1 2 3 4 200 250 9 9 20 0 1 0\n")
	set("proc/stat", "cpu  1500 0 900 79000 30 50 50 700 1900 0\n")
	set(group+"memory.current", "3000000000\n") // more than the limit
	want.CPU, want.MachineCPU, want.AvailableBytes = 1.5, 5, 0
	if diff := cmp.Diff(want, m.Sample(now.Add(2*time.Second)), cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Errorf("second sample (-want +got):\n%s", diff)
	}
	// A clock that stands still, and counters that went back, are no load.
	set("proc/self/stat", "7 (a) S\n")
	want.CPU, want.MachineCPU = 0, 0
	if diff := cmp.Diff(want, m.Sample(now.Add(2*time.Second))); diff != "" {
		t.Errorf("third sample (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, m.Sample(now.Add(3*time.Second))); diff != "" {
		t.Errorf("fourth sample (-want +got):\n%s", diff)
	}
}

func TestDetect(t *testing.T) {
	m := machine.Detect()
	if m.Arch != runtime.GOARCH || m.OS != runtime.GOOS || m.CPUs <= 0 || m.Isolation == "" || len(m.Evidence) == 0 {
		t.Errorf("Detect is %+v", m)
	}
	meter := machine.NewMeter()
	begin := time.Now()
	meter.Sample(begin)
	l := meter.Sample(begin.Add(time.Second))
	if l.MemoryBytes == 0 {
		t.Errorf("this process has no memory: %+v", l)
	}
	if runtime.GOOS == "linux" && (l.AvailableBytes == 0 || m.MemoryBytes == 0 || m.Kernel == "") {
		t.Errorf("Detect is %+v with load %+v", m, l)
	}
}

func TestCountList(t *testing.T) {
	for list, want := range map[string]int{
		"0": 1, "0-3": 4, "0-3,8": 5, "0,2,4": 3, "": 0, "3-0": 0, "-1": 0, "0-": 0, "a": 0, "0-99999999": 0, "1,": 0,
	} {
		if got := machine.CountList(list); got != want {
			t.Errorf("countList(%q) = %d, want %d", list, got, want)
		}
	}
}

// FuzzDetect finds files at which detection comes to grief.
func FuzzDetect(f *testing.F) {
	files := tree(f, "testdata/firecracker.txtar")
	names := slices.Sorted(maps.Keys(files))
	for i, name := range names {
		f.Add(i, files[name].Data)
	}
	f.Fuzz(func(t *testing.T, i int, data []byte) {
		broken := maps.Clone(files)
		broken[names[uint(i)%uint(len(names))]] = &fstest.MapFile{Data: data}
		m := machine.DetectIn(broken)
		if m.CPUs <= 0 || m.Isolation == "" {
			t.Errorf("DetectIn is %+v", m)
		}
		for label, value := range m.Labels() {
			if len(value) > 256 || strings.ContainsAny(value, "\n\x00") {
				t.Errorf("label %s is %q", label, value)
			}
		}
		if l := machine.NewMeterIn(broken).Sample(time.Now()); l.CPU != 0 {
			t.Errorf("the first sample is %+v", l)
		}
	})
}
