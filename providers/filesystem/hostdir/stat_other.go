//go:build !linux && !darwin

package hostdir

import "github.com/wattle-dev/wattle/providers/filesystem"

// addSystem adds nothing: times of access and identities are not known here.
func addSystem(*filesystem.Stat, any) {}
