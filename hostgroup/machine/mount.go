package machine

import (
	"io/fs"
	"strings"
)

// mount is a line of /proc/self/mountinfo; proc(5) has its form.
type mount struct {
	root    string // what of the file system is mounted
	point   string
	kind    string // of the file system
	source  string
	options string // of the file system
}

// mounts returns what is mounted, as far as it can be read.
func mounts(root fs.FS) []mount {
	var all []mount
	for l := range strings.Lines(text(root, "proc/self/mountinfo")) {
		before, after, ok := strings.Cut(l, " - ")
		f, g := strings.Fields(before), strings.Fields(after)
		if !ok || len(f) < 6 || len(g) < 2 {
			continue
		}
		m := mount{root: unescape(f[3]), point: unescape(f[4]), kind: g[0], source: unescape(g[1])}
		if len(g) > 2 {
			m.options = g[2]
		}
		all = append(all, m)
	}
	return all
}

// unescape undoes the escapes of what would end a field.
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace
