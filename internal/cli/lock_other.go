//go:build !unix

package cli

import "os"

// tryLock does nothing: this system has no locks that end with the process.
func tryLock(*os.File) error { return nil }
