//go:build unix

package trust

// permissionsCount says that the permissions of files mean something.
const permissionsCount = true
