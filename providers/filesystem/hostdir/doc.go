// Package hostdir implements a directory tree of providers/filesystem over a
// directory of the host.
//
// Every path is resolved by os.Root, step by step from the open directory, and
// never by name: neither "..", nor a symbolic link, nor somebody who renames
// directories meanwhile can lead it out. Where os.Root has no operation, or one
// that differs from POSIX (rename, link, unlink, rmdir, times of a link), os.Root
// opens the directory that holds the last name of the path, and the operation is
// done on that name in that directory by a system call that does not follow it.
//
// Only regular files and directories can be opened. A FIFO would block the host
// and a device would be more than a file.
package hostdir
