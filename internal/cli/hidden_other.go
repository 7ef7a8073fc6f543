//go:build !linux && !darwin

package cli

import (
	"errors"
	"io"
)

// readHidden would show what is typed.
func readHidden(io.Reader, int64) ([]byte, error) {
	return nil, errors.New("a value that is typed would be shown here: write it into a file, and use --from-file")
}
