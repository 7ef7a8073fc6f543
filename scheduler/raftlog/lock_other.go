//go:build !unix

package raftlog

import "os"

// tryLock does nothing where bbolt's lock of the log has to do.
func tryLock(*os.File) (bool, error) { return true, nil }
