package trust

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/wattle-dev/wattle/lattice"
)

// maxFile bounds the files of keys and credentials.
const maxFile = 64 << 10

// readPrivate reads a file that only its owner may read, without the white space
// around its content.
func readPrivate(file string) ([]byte, error) { return readBounded(file, 0o077) }

// readBounded reads a file whose permissions have none of the bits.
func readBounded(file string, forbidden os.FileMode) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%q: %w: it is not a file", file, lattice.ErrInvalid)
	}
	if permissionsCount && info.Mode().Perm()&forbidden != 0 {
		return nil, fmt.Errorf("%q: %w: others can read it (its mode is %04o): make it yours alone with: chmod 600 %s", file, lattice.ErrDenied, info.Mode().Perm(), file)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxFile {
		return nil, fmt.Errorf("%q: %w: it has more than %d bytes", file, lattice.ErrInvalid, maxFile)
	}
	return bytes.TrimSpace(b), nil
}

// createPrivate writes a new file that only its owner may read, all of it or
// nothing. The error is fs.ErrExist if there is one.
func createPrivate(file string, content []byte) error {
	return private(file, content, func(temp string) error { return os.Link(temp, file) })
}

// writePrivate writes a file that only its owner may read, over one that is
// there, all of it or nothing.
func writePrivate(file string, content []byte) error {
	return private(file, content, func(temp string) error { return os.Rename(temp, file) })
}

// private writes a file beside where place puts it.
func private(file string, content []byte, place func(temp string) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(file), ".new-*") // 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // what is left of it
	_, err = f.Write(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return fmt.Errorf("write %q: %w", file, err)
	}
	return place(f.Name())
}

// privateDir makes a directory that only its owner may enter, or checks the one
// that is there.
func privateDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if permissionsCount && info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%q: %w: others can enter it (its mode is %04o): make it yours alone with: chmod 700 %s", dir, lattice.ErrDenied, info.Mode().Perm(), dir)
	}
	return nil
}
