package machine

import (
	"fmt"
	"io"
	"io/fs"
	"math"
	"strconv"
	"strings"
)

// Isolation is what stands between this process and others.
type Isolation string

// The kinds of isolation.
const (
	Kata      Isolation = "kata"
	GVisor    Isolation = "gvisor"
	VM        Isolation = "vm"
	Container Isolation = "container"
	Process   Isolation = "process"
)

// Machine is what a host runs on.
type Machine struct {
	Arch   string `json:"arch"` // as Go names it
	OS     string `json:"os"`   // as Go names it
	Kernel string `json:"kernel,omitempty"`
	// CPUs is how many processors may be used, in parts as well.
	CPUs float64 `json:"cpus"`
	// MemoryBytes is how much memory may be used. It is zero if it is not known.
	MemoryBytes uint64    `json:"memory_bytes"`
	Isolation   Isolation `json:"isolation"`
	// Evidence says what Isolation was inferred from.
	Evidence []string `json:"evidence,omitempty"`
}

// The labels that a host has without being given them.
const (
	LabelArch      = "arch"
	LabelOS        = "os"
	LabelCPU       = "cpu"
	LabelMemory    = "memory"
	LabelIsolation = "isolation"
	LabelKernel    = "kernel"
	// LabelVolume begins the labels of the directories that components may be given.
	LabelVolume = "volume."
)

// Detected reports whether a label is one of those that are detected, which nobody
// can give.
func Detected(label string) bool {
	switch label {
	case LabelArch, LabelOS, LabelCPU, LabelMemory, LabelIsolation, LabelKernel:
		return true
	}
	return strings.HasPrefix(label, LabelVolume)
}

// Labels returns what is known of the machine as labels. The processors are
// rounded down to tenths, and the memory to GiB, or to MiB below one.
func (m *Machine) Labels() map[string]string {
	labels := map[string]string{LabelArch: m.Arch, LabelOS: m.OS, LabelIsolation: string(m.Isolation)}
	if m.CPUs > 0 {
		labels[LabelCPU] = strconv.FormatFloat(math.Floor(m.CPUs*10+1e-9)/10, 'f', -1, 64)
	}
	if m.Kernel != "" {
		labels[LabelKernel] = m.Kernel
	}
	switch {
	case m.MemoryBytes >= 1<<30:
		labels[LabelMemory] = fmt.Sprintf("%dGiB", m.MemoryBytes>>30)
	case m.MemoryBytes > 0:
		labels[LabelMemory] = fmt.Sprintf("%dMiB", m.MemoryBytes>>20)
	}
	return labels
}

// Load is how much is used.
type Load struct {
	// CPU is how many processors this process used since the last sample,
	// MachineCPU how many all processes did. Both are zero in the first one.
	CPU, MachineCPU float64
	// MemoryBytes is this process's resident memory, AvailableBytes what is left
	// for it.
	MemoryBytes, AvailableBytes uint64
}

// maxRead bounds what is read of a file.
const maxRead = 1 << 20

// text returns the beginning of a file, or nothing.
func text(root fs.FS, name string) string {
	f, err := root.Open(name)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, maxRead))
	if err != nil {
		return ""
	}
	return string(b)
}

// line returns a file of one line.
func line(root fs.FS, name string) string {
	return strings.TrimRight(strings.TrimSpace(text(root, name)), "\x00")
}

// exists reports whether there is a file.
func exists(root fs.FS, name string) bool {
	_, err := fs.Stat(root, name)
	return err == nil
}

// number returns the number in a file, and whether there is one.
func number(root fs.FS, name string) (uint64, bool) {
	n, err := strconv.ParseUint(line(root, name), 10, 64)
	return n, err == nil
}

// field returns the number after a name at the beginning of a line.
func field(text, name string) (uint64, bool) {
	for l := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(l, name)
		if f := strings.Fields(rest); ok && len(f) > 0 {
			n, err := strconv.ParseUint(f[0], 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}
