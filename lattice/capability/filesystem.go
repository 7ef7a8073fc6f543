package capability

import (
	"encoding/base64"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/wattle-dev/wattle/lattice"
)

// Filesystem is what a link to a file system grants: directories, each with a path that
// the component knows it by. A key that begins with a slash is such a path, clean and
// below no other one; its text is
//
//	SOURCE [ro|rw] [size=16MiB] [files=1000] [depth=16]
//
// A path that belongs to the component alone is private: each call has its own, which is
// gone after it. SOURCE is one of
//
//	memory              an empty directory in memory, private. It is rw.
//	inline              the files that other keys give: file:PATH is a text, which may
//	                    hold secrets, and file64:PATH is base64. PATH begins with the
//	                    path of the directory. rw makes a private copy for each call.
//	volume:NAME[/PATH]  a directory of the host, or one in it, that the host's operator
//	                    shares by a name: wattle hostgroup run --volume NAME=DIR[:ro].
//	                    Hosts have the label volume.NAME=ro or rw. What is written to it
//	                    stays, and others see it.
//	oci:REFERENCE       the layers of an image, unpacked; REFERENCE ends with @sha256:
//	                    and a digest. rw makes a private copy for each call. A further
//	                    word image=512MiB bounds the size of the unpacked image.
//	objects:BUCKET/CONTAINER[/PREFIX]
//	                    objects of a container in a bucket of the lattice, as the kind
//	                    blobstore-nats has it, whose names are paths behind the prefix. A
//	                    file is stored when it is synced or closed, as a whole: the last
//	                    writer wins. There are no links, and no times to set.
//
// All but memory are ro if nothing is said. What is ro cannot be changed by anybody
// through this component. The limits are for what is rw: size bounds the bytes of all
// files together, files the number of files, directories and links, depth how many names
// a path has. Of a private copy what counts is what the call makes or changes; of a
// volume and of objects what there is, whoever made it. Beyond a limit programs meet the
// error "quota" (for depth, "name-too-long"), and "file-too-large" for a single file
// that is larger than all that there may be.
//
//	           size                   files                depth
//	memory     16MiB, at most 1GiB    1024, at most 1e5    32, at most 256
//	inline     16MiB, at most 1GiB    1024, at most 1e5    32, at most 256
//	oci        16MiB, at most 1GiB    1024, at most 1e5    32, at most 256
//	volume     1GiB, at most 1PiB     1e5, at most 1e7     64, at most 256
//	objects    16MiB, at most 1GiB    1024, at most 1e5    32, at most 256
//
// Directories of several links are there together: their paths must not contain each
// other either; see [Kind.Together] and [MergeFilesystems].
type Filesystem struct {
	// Mounts are in the order of their paths.
	Mounts []Mount
}

// Mount is a directory that a component is given.
type Mount struct {
	// Path is what the component calls it.
	Path   string
	Source MountSource
	// Name is the name of the volume or the bucket, or the reference of the image.
	Name string
	// Sub is a path below the volume, or the prefix of the objects; it may be empty.
	Sub string
	// Container is that of the objects.
	Container string
	Writable  bool
	// Bytes, Files and Depth are the limits, if it is writable.
	Bytes, Files int64
	Depth        int
	// Image bounds the size of an unpacked image.
	Image int64
	// Inline are the files of an inline directory, in the order of their paths.
	Inline []InlineFile
}

// InlineFile is a file that the configuration gives.
type InlineFile struct {
	// Path is relative to the directory.
	Path string
	// Text is the content, unless it is Bytes.
	Text  Text
	Bytes []byte
}

// MountSource is what is behind a directory.
type MountSource string

// The sources.
const (
	MountMemory  MountSource = "memory"
	MountInline  MountSource = "inline"
	MountVolume  MountSource = "volume"
	MountImage   MountSource = "oci"
	MountObjects MountSource = "objects"
)

// Bounds of a configuration of directories.
const (
	maxMounts      = 32
	maxMountPath   = 1024
	maxInlineFiles = 256
	maxInlineBytes = 1 << 20
	maxImageBytes  = 8 << 30
	maxMountDepth  = 256
)

// mountLimits are the limits of what is writable, by source.
var mountLimits = map[MountSource]struct{ bytes, maxBytes, files, maxFiles, depth int64 }{
	MountMemory:  {16 << 20, 1 << 30, 1024, 100_000, 32},
	MountInline:  {16 << 20, 1 << 30, 1024, 100_000, 32},
	MountImage:   {16 << 20, 1 << 30, 1024, 100_000, 32},
	MountVolume:  {1 << 30, 1 << 50, 100_000, 10_000_000, 64},
	MountObjects: {16 << 20, 1 << 30, 1024, 100_000, 32},
}

const defaultImageBytes = 512 << 20

// kindFilesystem is the name of the kind.
const kindFilesystem = "filesystem"

var filesystem = &Kind{
	Name:    kindFilesystem,
	Summary: "gives directories: in memory, from the configuration, of the host, of an image, of objects",
	Serves:  []string{"wasi:filesystem/preopens", "wasi:filesystem/types"},
	Along:   []string{"wasi:filesystem/types"},
	Example: []string{`/scratch: memory size=16MiB`, `/data: volume:data/reports ro`},
	check: func(c *Config) error {
		_, err := ParseFilesystem(c)
		return err
	},
	together: filesystemsTogether,
}

// ParseFilesystem reads the configuration of a file system.
func ParseFilesystem(c *Config) (*Filesystem, error) {
	v := read(kindFilesystem, c)
	f := &Filesystem{}
	for _, key := range v.with("/") {
		if m, ok := v.mount(key); ok {
			f.Mounts = append(f.Mounts, m)
		}
	}
	if len(f.Mounts) > maxMounts {
		v.fault("/", "%d directories are more than %d", len(f.Mounts), maxMounts)
	}
	if a, b, ok := nestedMounts(f.Mounts); ok {
		v.fault(b, "it is in %q, which is a directory of its own", a)
	}
	f.inline(v)
	for key := range v.config.Values {
		if !v.asked[key] {
			v.asked[key] = true
			v.fault(key, "unknown key: want the path of a directory, which begins with a slash, or that of a file behind %s or %s", inlineText, inlineBase64)
		}
	}
	if err := v.err(); err != nil {
		return nil, err
	}
	return f, nil
}

// nestedMounts returns two directories of which one is in the other.
func nestedMounts(mounts []Mount) (outer, inner string, found bool) {
	for i := range mounts {
		for j := range mounts {
			if i != j && within(mounts[i].Path, mounts[j].Path) && (i < j || mounts[i].Path != mounts[j].Path) {
				return mounts[i].Path, mounts[j].Path, true
			}
		}
	}
	return "", "", false
}

// within reports whether a clean path is a directory or in it.
func within(dir, p string) bool {
	return p == dir || strings.HasPrefix(p, strings.TrimSuffix(dir, "/")+"/")
}

// cleanPath judges a path that a component is to know.
func cleanPath(p string) error {
	switch {
	case !strings.HasPrefix(p, "/") || path.Clean(p) != p:
		return fmt.Errorf("%w: the path is not absolute and clean: write %s", lattice.ErrInvalid, path.Clean("/"+p))
	case len(p) > maxMountPath:
		return fmt.Errorf("%w: the path is longer than %d bytes", lattice.ErrInvalid, maxMountPath)
	}
	return printable(p)
}

// printable judges what is part of a path.
func printable(p string) error {
	if !utf8.ValidString(p) || strings.ContainsFunc(p, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return fmt.Errorf("%w: the path is not UTF-8, or has a control character", lattice.ErrInvalid)
	}
	for name := range strings.SplitSeq(p, "/") {
		if len(name) > 255 {
			return fmt.Errorf("%w: a name of the path is longer than 255 bytes", lattice.ErrInvalid)
		}
	}
	return nil
}

// mount reads the text of a directory.
func (v *values) mount(key string) (m Mount, ok bool) {
	text := v.plain(key, v.config.Values[key])
	if err := cleanPath(key); err != nil {
		v.fault(key, "%v", err)
		return m, false
	}
	words := strings.Fields(text)
	if len(words) == 0 {
		v.fault(key, "no source: want memory, inline, volume:NAME, oci:REFERENCE or objects:BUCKET/CONTAINER")
		return m, false
	}
	source, rest, _ := strings.Cut(words[0], ":")
	m = Mount{Path: key, Source: MountSource(source), Writable: source == string(MountMemory)}
	limits, known := mountLimits[m.Source]
	if !known {
		v.fault(key, "source %.80q: want memory, inline, volume:NAME, oci:REFERENCE or objects:BUCKET/CONTAINER", words[0])
		return m, false
	}
	if err := m.setName(rest); err != nil {
		v.fault(key, "source %.200q: %v", words[0], err)
		return m, false
	}
	m.Bytes, m.Files, m.Depth = limits.bytes, limits.files, int(limits.depth)
	if m.Source == MountImage {
		m.Image = defaultImageBytes
	}
	said := map[string]bool{}
	for _, word := range words[1:] {
		name, value, _ := strings.Cut(word, "=")
		if name == "ro" || name == "rw" {
			name = "ro or rw"
		}
		if said[name] {
			v.fault(key, "%s is there twice", name)
			return m, false
		}
		said[name] = true
		var err error
		switch {
		case word == "ro" || word == "rw":
			m.Writable = word == "rw"
		case name == "size":
			m.Bytes, err = sizeUpTo(value, limits.maxBytes)
		case name == "files":
			m.Files, err = numberUpTo(value, limits.maxFiles)
		case name == "depth":
			var depth int64
			depth, err = numberUpTo(value, maxMountDepth)
			m.Depth = int(depth)
		case name == "image" && m.Source == MountImage:
			m.Image, err = sizeUpTo(value, maxImageBytes)
		default:
			err = fmt.Errorf("%w: want ro, rw, size=16MiB, files=1000 or depth=16", lattice.ErrInvalid)
		}
		if err != nil {
			v.fault(key, "%.80q: %v", word, err)
			return m, false
		}
	}
	if !m.Writable {
		if m.Source == MountMemory {
			v.fault(key, "memory that is ro is always empty")
			return m, false
		}
		if said["size"] || said["files"] || said["depth"] {
			v.fault(key, "size, files and depth are for what is rw")
			return m, false
		}
		m.Bytes, m.Files, m.Depth = 0, 0, 0
	}
	return m, true
}

// setName reads what is behind the colon of a source.
func (m *Mount) setName(rest string) error {
	switch m.Source {
	case MountMemory, MountInline:
		if rest != "" {
			return fmt.Errorf("%w: nothing is behind %s", lattice.ErrInvalid, m.Source)
		}
		return nil
	case MountImage:
		m.Name = rest
		return pinnedImage(rest)
	case MountVolume, MountObjects:
	}
	m.Name, m.Sub, _ = strings.Cut(rest, "/")
	if err := CheckVolumeName(m.Name); err != nil {
		return err
	}
	if m.Sub == "" {
		if m.Source == MountObjects {
			return fmt.Errorf("%w: a container is missing: want objects:BUCKET/CONTAINER", lattice.ErrInvalid)
		}
		if strings.HasSuffix(rest, "/") {
			return fmt.Errorf("%w: it ends with a slash", lattice.ErrInvalid)
		}
		return nil
	}
	if path.Clean("/"+m.Sub) != "/"+m.Sub {
		return fmt.Errorf("%w: the path behind the name is not clean", lattice.ErrInvalid)
	}
	if err := printable(m.Sub); err != nil || m.Source == MountVolume {
		return err
	}
	m.Container, m.Sub, _ = strings.Cut(m.Sub, "/")
	return CheckVolumeName(m.Container)
}

// CheckVolumeName judges the name of a volume, or of a bucket: letters, digits, and
// dots, dashes and underscores in between.
func CheckVolumeName(name string) error {
	const most = 63
	ok := name != "" && len(name) <= most
	for i, c := range []byte(name) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		ok = ok && (letter || i > 0 && i < len(name)-1 && strings.IndexByte(".-_", c) >= 0)
	}
	if !ok {
		return fmt.Errorf("name %.80q: %w: want at most %d letters and digits, with . - _ in between", name, lattice.ErrInvalid, most)
	}
	return nil
}

// pinnedImage judges a reference of an image, in so far as it has to be pinned. Who
// fetches it judges the rest.
func pinnedImage(ref string) error {
	name, digest, ok := strings.Cut(ref, "@sha256:")
	switch {
	case !ok || len(digest) != 64 || strings.Trim(digest, "0123456789abcdef") != "":
		return fmt.Errorf("%w: the reference of an image ends with @sha256: and its digest", lattice.ErrInvalid)
	case !strings.Contains(name, "/") || len(name) > 512:
		return fmt.Errorf("%w: the reference of an image begins with a registry, as in registry.example.com/team/data", lattice.ErrInvalid)
	}
	return nil
}

func sizeUpTo(text string, most int64) (int64, error) {
	n, err := ParseSize(text)
	if err == nil && (n < 1 || n > most) {
		err = fmt.Errorf("%w: want 1B to %s", lattice.ErrInvalid, FormatSize(most))
	}
	return n, err
}

func numberUpTo(text string, most int64) (int64, error) {
	n, err := parseInt(text)
	if err == nil && (n < 1 || n > most) {
		err = fmt.Errorf("%w: want 1 to %d", lattice.ErrInvalid, most)
	}
	return n, err
}

const inlineText, inlineBase64 = "file:", "file64:"

// inline gives the files of the configuration to the directories that they are in.
func (f *Filesystem) inline(v *values) {
	keys := slices.Concat(v.with(inlineText), v.with(inlineBase64))
	if len(keys) > maxInlineFiles {
		v.fault(inlineText, "%d files are more than %d", len(keys), maxInlineFiles)
		return
	}
	seen, total := map[string]string{}, 0
	for _, key := range keys {
		_, name, _ := strings.Cut(key, ":")
		if err := cleanPath(name); err != nil {
			v.fault(key, "%v", err)
			continue
		}
		i := slices.IndexFunc(f.Mounts, func(m Mount) bool { return m.Source == MountInline && m.Path != name && within(m.Path, name) })
		if i < 0 {
			v.fault(key, "it is in no directory that is inline")
			continue
		}
		if other := seen[name]; other != "" {
			v.fault(key, "it is the same file as %q", other)
			continue
		}
		seen[name] = key
		text := v.config.Values[key]
		if total += len(text); total > maxInlineBytes {
			v.fault(key, "the files are larger than %s together", FormatSize(maxInlineBytes))
			return
		}
		file := InlineFile{Path: strings.TrimPrefix(strings.TrimPrefix(name, f.Mounts[i].Path), "/")}
		if strings.HasPrefix(key, inlineBase64) {
			var err error
			if file.Bytes, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(v.plain(key, text)), "")); err != nil {
				v.fault(key, "base64: %v", err)
			}
		} else {
			file.Text = v.templateOf(key, text)
		}
		f.Mounts[i].Inline = append(f.Mounts[i].Inline, file)
	}
	for _, name := range slices.Sorted(maps.Keys(seen)) {
		for dir := path.Dir(name); dir != "/"; dir = path.Dir(dir) {
			if seen[dir] != "" {
				v.fault(seen[name], "it is in %q, which is a file", dir)
			}
		}
	}
	for i := range f.Mounts {
		m := &f.Mounts[i]
		slices.SortFunc(m.Inline, func(a, b InlineFile) int { return strings.Compare(a.Path, b.Path) })
		if m.Source == MountInline && len(m.Inline) == 0 {
			v.fault(m.Path, "it has no file: add a key file:%s", path.Join(m.Path, "NAME"))
		}
	}
}
