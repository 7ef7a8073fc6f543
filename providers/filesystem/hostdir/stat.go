package hostdir

import (
	"io/fs"

	"github.com/wattle-dev/wattle/providers/filesystem"
)

// statOf translates what the os package says about an object.
func statOf(info fs.FileInfo) filesystem.Stat {
	s := filesystem.Stat{
		Type:     typeOf(info.Mode().Type()),
		Links:    1,
		Size:     uint64(max(info.Size(), 0)),
		Modified: info.ModTime(),
	}
	addSystem(&s, info.Sys())
	return s
}

func typeOf(m fs.FileMode) filesystem.Type {
	switch m & fs.ModeType { //nolint:exhaustive // the others are no types
	case 0:
		return filesystem.RegularFile
	case fs.ModeDir:
		return filesystem.Directory
	case fs.ModeSymlink:
		return filesystem.SymbolicLink
	case fs.ModeNamedPipe:
		return filesystem.FIFO
	case fs.ModeSocket:
		return filesystem.Socket
	case fs.ModeDevice:
		return filesystem.BlockDevice
	case fs.ModeDevice | fs.ModeCharDevice:
		return filesystem.CharacterDevice
	}
	return filesystem.Unknown
}
