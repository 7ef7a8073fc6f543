//go:build !unix

package component

import (
	"errors"
	"io/fs"
)

// private says whether a directory belongs to this user alone, as far as the
// system can tell.
func private(info fs.FileInfo) error {
	if !info.IsDir() {
		return errors.New("is not a directory")
	}
	return nil
}
