package hostdir

import (
	"syscall"
	"time"

	"github.com/wattle-dev/wattle/providers/filesystem"
)

// addSystem adds what only the system's own structure has.
func addSystem(s *filesystem.Stat, sys any) {
	if st, ok := sys.(*syscall.Stat_t); ok {
		s.Links, s.Device, s.Inode = uint64(st.Nlink), uint64(st.Dev), st.Ino
		s.Accessed, s.Changed = time.Unix(st.Atimespec.Unix()), time.Unix(st.Ctimespec.Unix())
	}
}
