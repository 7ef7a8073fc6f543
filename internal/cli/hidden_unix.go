//go:build linux || darwin

package cli

import (
	"bufio"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// readHidden reads a line from a terminal, which does not show it. From what looks like a
// terminal and is none, it reads all.
func readHidden(stream io.Reader, most int64) ([]byte, error) {
	f, ok := stream.(*os.File)
	if !ok {
		return readAll(stream, most)
	}
	fd := int(f.Fd()) //nolint:gosec // a descriptor fits
	before, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return readAll(f, most)
	}
	silent := *before
	silent.Lflag &^= unix.ECHO
	silent.Lflag |= unix.ICANON | unix.ISIG
	if err := unix.IoctlSetTermios(fd, setTermios, &silent); err != nil {
		return nil, err
	}
	defer unix.IoctlSetTermios(fd, setTermios, before) //nolint:errcheck // there is nothing else to try
	line, err := bufio.NewReader(io.LimitReader(f, most)).ReadBytes('\n')
	if err != nil && len(line) > 0 {
		err = nil
	}
	return line, err
}
