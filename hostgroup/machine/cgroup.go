package machine

import (
	"io/fs"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
)

// groups are the directories of the control groups that bound this process for
// one resource, the innermost first.
type groups struct {
	dirs    []string
	unified bool // they are of version 2
}

// maxNesting bounds how deep control groups lie in each other.
const maxNesting = 64

// controlGroups returns the groups for a controller: those of version 1 if they
// have it, and of version 2 otherwise.
func controlGroups(root fs.FS, controller string) groups {
	var legacy, unified string // paths, as the process sees them
	for l := range strings.Lines(text(root, "proc/self/cgroup")) {
		id, rest, _ := strings.Cut(strings.TrimSpace(l), ":")
		names, where, ok := strings.Cut(rest, ":")
		switch {
		case !ok:
		case id == "0" && names == "":
			unified = where
		case slices.Contains(strings.Split(names, ","), controller):
			legacy = where
		}
	}
	for _, m := range mounts(root) {
		if legacy != "" && m.kind == "cgroup" && slices.Contains(strings.Split(m.options, ","), controller) {
			return groups{dirs: within(m, legacy)}
		}
	}
	for _, m := range mounts(root) {
		if unified != "" && m.kind == "cgroup2" {
			return groups{dirs: within(m, unified), unified: true}
		}
	}
	return groups{}
}

// within returns the directories from that of a group up to the mount.
func within(m mount, group string) []string {
	// A container may see its own group as the root of the mount, whatever path
	// the kernel gives.
	rest, ok := strings.CutPrefix(group, m.root)
	if !ok {
		rest = ""
	}
	top := strings.TrimPrefix(path.Clean(m.point), "/")
	dir := path.Join(top, path.Clean("/"+rest))
	var dirs []string
	for range maxNesting {
		dirs = append(dirs, dir)
		if dir == top || dir == "." {
			break
		}
		dir = path.Dir(dir)
	}
	return dirs
}

// memoryLimit returns the least limit of the groups, or the largest number.
func (g groups) memoryLimit(root fs.FS) uint64 {
	limit := uint64(math.MaxUint64)
	for _, dir := range g.dirs {
		if n, ok := number(root, path.Join(dir, g.file("memory.limit_in_bytes", "memory.max"))); ok {
			limit = min(limit, n)
		}
	}
	return limit
}

// memoryLeft returns how much the groups leave, or the largest number. Pages of
// files that nobody has used for a while can be taken back at any time.
func (g groups) memoryLeft(root fs.FS) uint64 {
	left := uint64(math.MaxUint64)
	for _, dir := range g.dirs {
		limit, ok := number(root, path.Join(dir, g.file("memory.limit_in_bytes", "memory.max")))
		if !ok {
			continue
		}
		used, ok := number(root, path.Join(dir, g.file("memory.usage_in_bytes", "memory.current")))
		if !ok {
			continue
		}
		idle, _ := field(text(root, path.Join(dir, "memory.stat")), g.file("total_inactive_file ", "inactive_file "))
		used -= min(idle, used)
		left = min(left, limit-min(used, limit))
	}
	return left
}

// cpuQuota returns how many processors the groups leave, or infinity.
func (g groups) cpuQuota(root fs.FS) float64 {
	quota := math.Inf(1)
	for _, dir := range g.dirs {
		var time, period string
		if g.unified {
			time, period, _ = strings.Cut(line(root, path.Join(dir, "cpu.max")), " ")
		} else {
			time, period = line(root, path.Join(dir, "cpu.cfs_quota_us")), line(root, path.Join(dir, "cpu.cfs_period_us"))
		}
		t, err1 := strconv.ParseInt(time, 10, 64)
		p, err2 := strconv.ParseInt(period, 10, 64)
		if err1 == nil && err2 == nil && t > 0 && p > 0 { // max, or -1, is none
			quota = min(quota, float64(t)/float64(p))
		}
	}
	return quota
}

func (g groups) file(legacy, unified string) string {
	if g.unified {
		return unified
	}
	return legacy
}
