package capability

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
)

const imageRef = "registry.example.com/team/data:1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func TestFilesystem(t *testing.T) {
	f, err := ParseFilesystem(&Config{Secrets: []string{"token"}, Values: map[string]string{
		"/scratch":                "memory size=1MiB files=10 depth=3",
		"/tmp":                    "memory",
		"/etc/app":                "inline",
		"file:/etc/app/app.yaml":  "token: ${secret:token}",
		"file64:/etc/app/sub/bin": "AAEC\n Aw==",
		"/data":                   "volume:data/reports/2026 rw size=2GiB",
		"/ro":                     "volume:data",
		"/image":                  "oci:" + imageRef + " image=1GiB",
		"/private":                "oci:" + imageRef + " rw files=7",
		"/objects":                "objects:shared/reports/2026 rw",
	}})
	if err != nil {
		t.Fatal(err)
	}
	token, err := parseText("token: ${secret:token}")
	if err != nil {
		t.Fatal(err)
	}
	want := []Mount{
		{Path: "/data", Source: MountVolume, Name: "data", Sub: "reports/2026", Writable: true, Bytes: 2 << 30, Files: 100_000, Depth: 64},
		{Path: "/etc/app", Source: MountInline, Inline: []InlineFile{{Path: "app.yaml", Text: token}, {Path: "sub/bin", Bytes: []byte{0, 1, 2, 3}}}},
		{Path: "/image", Source: MountImage, Name: imageRef, Image: 1 << 30},
		{Path: "/objects", Source: MountObjects, Name: "shared", Container: "reports", Sub: "2026", Writable: true, Bytes: 16 << 20, Files: 1024, Depth: 32},
		{Path: "/private", Source: MountImage, Name: imageRef, Writable: true, Bytes: 16 << 20, Files: 7, Depth: 32, Image: 512 << 20},
		{Path: "/ro", Source: MountVolume, Name: "data"},
		{Path: "/scratch", Source: MountMemory, Writable: true, Bytes: 1 << 20, Files: 10, Depth: 3},
		{Path: "/tmp", Source: MountMemory, Writable: true, Bytes: 16 << 20, Files: 1024, Depth: 32},
	}
	if diff := cmp.Diff(want, f.Mounts, cmp.AllowUnexported(Text{}, part{})); diff != "" {
		t.Errorf("mounts (-want +got):\n%s", diff)
	}
}

func TestFilesystemFaults(t *testing.T) {
	for _, test := range []struct {
		values map[string]string
		key    string // with a fault
	}{
		{map[string]string{"/": ""}, "/"},
		{map[string]string{"/a": "disk"}, "/a"},
		{map[string]string{"/a": "memory:x"}, "/a"},
		{map[string]string{"/a": "memory ro"}, "/a"},
		{map[string]string{"/a": "memory rw ro"}, "/a"},
		{map[string]string{"/a": "memory rw rw"}, "/a"},
		{map[string]string{"/a": "memory size=1KiB size=2KiB"}, "/a"},
		{map[string]string{"/a": "memory size=2GiB"}, "/a"},
		{map[string]string{"/a": "memory size=0B"}, "/a"},
		{map[string]string{"/a": "memory size"}, "/a"},
		{map[string]string{"/a": "memory files=-1"}, "/a"},
		{map[string]string{"/a": "memory depth=257"}, "/a"},
		{map[string]string{"/a": "memory image=1MiB"}, "/a"},
		{map[string]string{"/a": "memory noexec"}, "/a"},
		{map[string]string{"/a": "${secret:s}"}, "/a"},
		{map[string]string{"/a/": "memory"}, "/a/"},
		{map[string]string{"/a/../b": "memory"}, "/a/../b"},
		{map[string]string{"//a": "memory"}, "//a"},
		{map[string]string{"/a\nb": "memory"}, "/a\nb"},
		{map[string]string{"/a\xff": "memory"}, "/a\xff"},
		{map[string]string{"/" + strings.Repeat("x", 256): "memory"}, "/" + strings.Repeat("x", 256)},
		{map[string]string{"a": "memory"}, "a"},
		{map[string]string{"/a": "memory", "/a/b": "memory"}, "/a/b"},
		{map[string]string{"/": "memory", "/b": "memory"}, "/b"},
		{map[string]string{"/a": "volume"}, "/a"},
		{map[string]string{"/a": "volume:"}, "/a"},
		{map[string]string{"/a": "volume:.."}, "/a"},
		{map[string]string{"/a": "volume:x/../y"}, "/a"},
		{map[string]string{"/a": "volume:x/.."}, "/a"},
		{map[string]string{"/a": "volume:x/"}, "/a"},
		{map[string]string{"/a": "volume:x//y"}, "/a"},
		{map[string]string{"/a": "volume:/etc"}, "/a"},
		{map[string]string{"/a": "volume:x ro size=1MiB"}, "/a"},
		{map[string]string{"/a": "oci:registry.example.com/data:1"}, "/a"},
		{map[string]string{"/a": "oci:data@sha256:" + strings.Repeat("0", 64)}, "/a"},
		{map[string]string{"/a": "oci:" + imageRef + "0"}, "/a"},
		{map[string]string{"/a": "objects:"}, "/a"},
		{map[string]string{"/a": "objects:bucket"}, "/a"},
		{map[string]string{"/a": "objects:bucket/"}, "/a"},
		{map[string]string{"/a": "objects:bucket/con tainer"}, "/a"},
		{map[string]string{"/a": "objects:bucket/-"}, "/a"},
		{map[string]string{"/a": "objects:bucket/c/../d"}, "/a"},
		{map[string]string{"/a": "inline"}, "/a"},
		{map[string]string{"/a": "inline", "file:/a": "x"}, "file:/a"},
		{map[string]string{"/a": "inline", "file:/b/x": "x"}, "file:/b/x"},
		{map[string]string{"/a": "memory", "file:/a/x": "x"}, "file:/a/x"},
		{map[string]string{"/a": "inline", "file:/a/../x": "x"}, "file:/a/../x"},
		{map[string]string{"/a": "inline", "file:/a/x": "x", "file64:/a/x": ""}, "file64:/a/x"},
		{map[string]string{"/a": "inline", "file64:/a/x": "!"}, "file64:/a/x"},
		{map[string]string{"/a": "inline", "file64:/a/x": "${secret:s}"}, "file64:/a/x"},
		{map[string]string{"/a": "inline", "file:/a/x": "${secret:other}"}, "file:/a/x"},
		{map[string]string{"/a": "inline", "file:/a/x": "x", "file:/a/x/y": "y"}, "file:/a/x/y"},
		{map[string]string{"/a": "inline", "file:/a/x": strings.Repeat("x", maxInlineBytes+1)}, "file:/a/x"},
	} {
		_, err := ParseFilesystem(&Config{Secrets: []string{"s"}, Values: test.values})
		var e *Error
		if !errors.As(err, &e) || !errors.Is(err, lattice.ErrInvalid) {
			t.Errorf("%.200q = %v, want faults", test.values, err)
			continue
		}
		if !slices.ContainsFunc(e.Faults, func(f Fault) bool { return f.Key == test.key }) {
			t.Errorf("%.200q: faults %.500q, want one of %.80q", test.values, e.Faults, test.key)
		}
	}
	many := map[string]string{}
	for i := range maxMounts + 1 {
		many[fmt.Sprintf("/%d", i)] = "memory"
	}
	if _, err := ParseFilesystem(&Config{Values: many}); !errors.Is(err, lattice.ErrInvalid) {
		t.Errorf("%d directories: %v", len(many), err)
	}
}

// TestFilesystemFaultsText: who wrote a path without its slash is told so, and what is
// wrong with one key can be told from what is wrong with the next.
func TestFilesystemFaultsText(t *testing.T) {
	_, err := ParseFilesystem(&Config{Values: map[string]string{"etc/app": "memory", "/a": "inline"}})
	want := `config of wattle://filesystem: "/a": it has no file: add a key file:/a/NAME; ` +
		`"etc/app": unknown key: want the path of a directory, which begins with a slash, or that of a file behind file: or file64:`
	if err == nil || err.Error() != want {
		t.Errorf("error is %v, want %s", err, want)
	}
}

func TestMergeFilesystems(t *testing.T) {
	parse := func(paths ...string) *Filesystem {
		values := map[string]string{}
		for _, p := range paths {
			values[p] = "memory"
		}
		f, err := ParseFilesystem(&Config{Values: values})
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	f, err := MergeFilesystems(parse("/b", "/d"), parse("/a"), parse(), parse("/c"))
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, m := range f.Mounts {
		paths = append(paths, m.Path)
	}
	if diff := cmp.Diff([]string{"/a", "/b", "/c", "/d"}, paths); diff != "" {
		t.Error(diff)
	}
	for _, other := range []string{"/b", "/b/x", "/"} {
		if _, err := MergeFilesystems(parse("/b"), parse(other)); !errors.Is(err, lattice.ErrInvalid) {
			t.Errorf("/b and %s: %v", other, err)
		}
	}
}

// Whatever is in a configuration, reading it ends without a panic, and what is accepted
// stays within bounds.
func FuzzParseFilesystem(f *testing.F) {
	f.Add("/a", "memory size=16MiB files=1000 depth=16", "/b", "inline", "file:/b/x", "${secret:s}")
	f.Add("/", "oci:"+imageRef+" rw image=1GiB", "", "", "file64:/x", "AA==")
	f.Add("/a", "volume:x/y rw", "/c", "objects:b/p", "/d", "volume:x")
	f.Fuzz(func(t *testing.T, k1, v1, k2, v2, k3, v3 string) {
		fs, err := ParseFilesystem(&Config{Secrets: []string{"s"}, Values: map[string]string{k1: v1, k2: v2, k3: v3}})
		if err != nil {
			if !errors.Is(err, lattice.ErrInvalid) {
				t.Fatalf("%v is not the fault of the configuration", err)
			}
			return
		}
		for i, m := range fs.Mounts {
			l := mountLimits[m.Source]
			if cleanPath(m.Path) != nil || m.Writable != (m.Bytes > 0) || m.Bytes > l.maxBytes || m.Files > l.maxFiles || m.Depth > maxMountDepth {
				t.Errorf("accepted %+v", m)
			}
			for _, other := range fs.Mounts[:i] {
				if within(other.Path, m.Path) || within(m.Path, other.Path) {
					t.Errorf("accepted %q and %q", other.Path, m.Path)
				}
			}
			for _, file := range m.Inline {
				if file.Path == "" || strings.HasPrefix(file.Path, "/") || strings.Contains("/"+file.Path+"/", "/../") {
					t.Errorf("accepted file %q", file.Path)
				}
			}
			if strings.Contains("/"+m.Sub+"/", "/../") || strings.HasPrefix(m.Sub, "/") {
				t.Errorf("accepted path %q of a volume", m.Sub)
			}
		}
	})
}

// Links that are right each by itself may not give what another gives.
func TestTogether(t *testing.T) {
	k := Find("filesystem")
	config := func(paths ...string) *Config {
		c := &Config{Values: map[string]string{}}
		for _, p := range paths {
			c.Values[p] = "memory"
		}
		return c
	}
	many := func(from, n int) *Config {
		c := config()
		for i := range n {
			c.Values[fmt.Sprintf("/m%d", from+i)] = "memory"
		}
		return c
	}
	for _, test := range []struct {
		name    string
		configs []*Config
		want    *Conflict
	}{
		{"none", nil, nil},
		{"one, nested in itself", []*Config{config("/a", "/a/b")}, nil}, // Check tells
		{"apart", []*Config{config("/a", "/c"), config("/b", "/a-b"), config("/ab")}, nil},
		{"the same", []*Config{config("/a"), config("/b", "/a")}, &Conflict{0, 1, [2]string{"/a", "/a"}, `both give "/a"`}},
		{"inner in the second", []*Config{config("/a"), config("/x"), config("/a/b")}, &Conflict{0, 2, [2]string{"/a", "/a/b"}, `"/a/b" is in "/a"`}},
		{"inner in the first", []*Config{config("/a/b"), config("/a")}, &Conflict{0, 1, [2]string{"/a/b", "/a"}, `"/a/b" is in "/a"`}},
		{"not next to each other", []*Config{config("/a", "/a-b"), config("/a/b")}, &Conflict{0, 1, [2]string{"/a", "/a/b"}, `"/a/b" is in "/a"`}},
		{"the root", []*Config{config("/"), config("/tmp")}, &Conflict{0, 1, [2]string{"/", "/tmp"}, `"/tmp" is in "/"`}},
		{"what is refused is left out", []*Config{config("/a", "/a/b"), config("/a")}, nil},
		{"as many as there may be", []*Config{many(0, maxMounts-1), many(100, 1)}, nil},
		{"too many", []*Config{many(0, maxMounts), many(100, 1)}, &Conflict{0, 1, [2]string{"/m0", "/m100"}, "all links give 33 directories, the limit is 32"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, k.Together(test.configs)); diff != "" {
				t.Errorf("conflict (-want +got):\n%s", diff)
			}
		})
	}
	for _, k := range All() {
		if c := k.Together([]*Config{{}, {}}); c != nil {
			t.Errorf("links to %s without a configuration: %+v", k.Name, c)
		}
	}
}
