package layers

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/wattle-dev/wattle/providers/filesystem"
	"github.com/wattle-dev/wattle/providers/filesystem/memfs"
)

// What the archives may have for each file and each byte that there may be, and for
// the padding of small archives.
const (
	entriesPerFile = 4
	bytesPerByte   = 4
	padding        = 64 << 10
)

// maxPath is how many bytes a path or the target of a link has at most.
const maxPath = 4096

// Whiteouts.
const (
	whiteout = ".wh."
	opaque   = ".wh..wh..opq"
)

// Unpack unpacks layers, the lowest first. Limits that are zero are the defaults of
// package memfs.
func Unpack(layers []io.Reader, limits filesystem.Limits) (*memfs.Template, error) {
	if limits.Bytes == 0 {
		limits.Bytes = memfs.DefaultBytes
	}
	if limits.Files == 0 {
		limits.Files = memfs.DefaultFiles
	}
	u := &unpacker{
		b:       memfs.NewBuilder(limits),
		entries: limits.Files * entriesPerFile,
		bytes:   limits.Bytes*bytesPerByte + padding,
	}
	for i, layer := range layers {
		u.b.NextLayer()
		if err := u.layer(layer); err != nil {
			return nil, fmt.Errorf("layer %d: %w", i, err)
		}
	}
	return u.b.Template(), nil
}

type unpacker struct {
	b              *memfs.Builder
	entries, bytes int64 // that are left
}

// Reasons to refuse an image.
var (
	errEntries = errors.New("the layers have more entries than they may")
	errBytes   = errors.New("the layers have more bytes than they may")
	errPath    = errors.New("the path leaves the image, is empty, is too long, or is not UTF-8")
	errZstd    = errors.New("it is compressed by zstd: only gzip is read")
)

// bounded bounds what is read of all layers, uncompressed.
func (u *unpacker) bounded(r io.Reader) io.Reader { return &bounded{u, r} }

type bounded struct {
	u *unpacker
	r io.Reader
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.u.bytes <= 0 {
		return 0, errBytes
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.u.bytes)])
	b.u.bytes -= int64(n)
	return n, err
}

// layer lays one layer over the others.
func (u *unpacker) layer(r io.Reader) error {
	buffered := bufio.NewReader(r)
	head, err := buffered.Peek(4)
	r = buffered
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return err
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		if r, err = gzip.NewReader(buffered); err != nil {
			return err
		}
	case bytes.Equal(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return errZstd
	}
	archive := tar.NewReader(u.bounded(r))
	for {
		h, err := archive.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if u.entries--; u.entries < 0 {
			return errEntries
		}
		if err := u.entry(h, archive); err != nil {
			return fmt.Errorf("entry %.200q: %w", h.Name, err)
		}
	}
}

// clean returns a path of an archive as the builder has it.
func clean(name string) (string, error) {
	if strings.HasPrefix(name, "/") || name == "" || len(name) > maxPath || !utf8.ValidString(name) || strings.IndexByte(name, 0) >= 0 {
		return "", errPath
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return "", errPath
		}
	}
	return path.Clean(name), nil
}

// entry puts an entry into the tree.
func (u *unpacker) entry(h *tar.Header, content io.Reader) error {
	if h.Typeflag == tar.TypeXGlobalHeader {
		return nil
	}
	p, err := clean(h.Name)
	if err != nil {
		return err
	}
	dir, name := path.Split(p)
	if dir = path.Clean(dir); strings.HasPrefix(name, whiteout) {
		switch hidden := strings.TrimPrefix(name, whiteout); {
		case name == opaque:
			return u.b.HideAll(dir)
		case hidden == "" || hidden == "." || hidden == "..":
			return errPath
		default:
			return u.b.Hide(path.Join(dir, hidden))
		}
	}
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeGNUSparse:
		return u.b.File(p, h.Size, content, h.ModTime)
	case tar.TypeDir:
		return u.b.Directory(p, h.ModTime)
	case tar.TypeSymlink:
		if !utf8.ValidString(h.Linkname) || len(h.Linkname) > maxPath {
			return errPath
		}
		return u.b.Symlink(p, h.Linkname, h.ModTime)
	case tar.TypeLink:
		to, err := clean(h.Linkname)
		if err != nil {
			return fmt.Errorf("hard link to %.200q: %w", h.Linkname, err)
		}
		if err := u.b.Link(p, to); err != nil {
			return fmt.Errorf("hard link to %.200q: %w", h.Linkname, err)
		}
		return nil
	}
	return fmt.Errorf("it is of type %q: an image has files, directories and links", h.Typeflag)
}
