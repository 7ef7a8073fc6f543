package machine

import (
	"io/fs"
	"math"
	"runtime"
	"strconv"
	"strings"
)

// DetectIn returns what the files of a Linux system say of the machine. root is
// the root of the system; the architecture is that of this program.
func DetectIn(root fs.FS) Machine {
	m := Machine{Arch: runtime.GOARCH, OS: "linux", Kernel: kernel(root)}
	m.CPUs = min(processors(root), controlGroups(root, "cpu").cpuQuota(root))
	if total, ok := field(text(root, "proc/meminfo"), "MemTotal:"); ok {
		m.MemoryBytes = min(total<<10, controlGroups(root, "memory").memoryLimit(root))
	}
	m.Isolation, m.Evidence = isolation(root)
	return m
}

// kernel returns the release of the kernel. Not every kernel has the first file.
func kernel(root fs.FS) string {
	release := line(root, "proc/sys/kernel/osrelease")
	if release == "" {
		if f := strings.Fields(line(root, "proc/version")); len(f) > 2 && f[0] == "Linux" && f[1] == "version" {
			release = f[2]
		}
	}
	return clip(release)
}

// processors returns how many processors the process may run on.
func processors(root fs.FS) float64 {
	for l := range strings.Lines(text(root, "proc/self/status")) {
		if list, ok := strings.CutPrefix(l, "Cpus_allowed_list:"); ok {
			if n := countList(strings.TrimSpace(list)); n > 0 {
				return float64(n)
			}
		}
	}
	return float64(runtime.NumCPU())
}

// maxProcessors is more than any machine has.
const maxProcessors = 1 << 16

// countList counts a list such as 0-3,8, or returns zero if it is none.
func countList(list string) int {
	n := 0
	for part := range strings.SplitSeq(list, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		a, err1 := strconv.Atoi(first)
		b, err2 := strconv.Atoi(last)
		if err1 != nil || err2 != nil || a < 0 || b < a || b >= maxProcessors {
			return 0
		}
		n += b - a + 1
	}
	return n
}

// ticks is how many units a second has in which the kernel tells times of
// processors: USER_HZ, which is the same on all systems that Go runs on.
const ticks = 100

// usage is what a sample reads.
type usage struct {
	process, machine float64 // seconds of processors
	resident, left   uint64
}

// reader finds the control groups once, because the table of mounts can be long.
func reader(root fs.FS) func() usage {
	memory := controlGroups(root, "memory")
	return func() usage { return usageIn(root, memory) }
}

// usageIn reads how much is used. memory are the groups that bound it.
func usageIn(root fs.FS, memory groups) usage {
	var u usage
	stat := text(root, "proc/self/stat")
	// The name of the program stands in parentheses and may have any.
	if f := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:]); len(f) > 12 {
		user, _ := strconv.ParseUint(f[11], 10, 64)
		system, _ := strconv.ParseUint(f[12], 10, 64)
		u.process = float64(user+system) / ticks
	}
	u.machine = busy(text(root, "proc/stat"))
	if resident, ok := field(text(root, "proc/self/status"), "VmRSS:"); ok {
		u.resident = resident << 10
	}
	left := memory.memoryLeft(root)
	if available, ok := field(text(root, "proc/meminfo"), "MemAvailable:"); ok {
		left = min(left, available<<10)
	}
	if left != math.MaxUint64 {
		u.left = left
	}
	return u
}

// busy returns how many seconds processors have worked, by the first line of
// /proc/stat; proc(5) has its form.
func busy(stat string) float64 {
	first, _, _ := strings.Cut(stat, "\n")
	f := strings.Fields(first)
	if len(f) == 0 || f[0] != "cpu" {
		return 0
	}
	var sum uint64
	for i, word := range f[1:] {
		const idle, waiting, steal, guests = 3, 4, 7, 8 // guests are in user already
		if i == idle || i == waiting || i == steal || i >= guests {
			continue
		}
		n, _ := strconv.ParseUint(word, 10, 64)
		sum += n
	}
	return float64(sum) / ticks
}
