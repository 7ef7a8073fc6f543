package cli

import (
	"os"
	"runtime"
)

// Self returns the command line that starts this program anew, or nil if the
// system does not tell. On Linux that is the file which runs, even if another has
// its name by now.
func Self() []string {
	file, err := os.Executable()
	if err != nil {
		return nil
	}
	if runtime.GOOS == "linux" {
		file = "/proc/self/exe" // os.Executable has read it
	}
	return []string{file}
}
