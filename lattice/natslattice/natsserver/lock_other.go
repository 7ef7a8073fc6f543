//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package natsserver

import "os"

// lockFile opens a file. There are no locks here.
func lockFile(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
}
