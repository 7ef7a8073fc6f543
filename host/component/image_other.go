//go:build !linux

package component

import (
	"errors"

	"github.com/wattle-dev/wattle/host/component/core"
)

// makeFile makes no file: images are copied.
func (i *image) makeFile(*core.Image, uint64) bool { return false }

func (i *image) mapInto([]byte) error { return errors.ErrUnsupported }
