// Package memfs implements a directory tree of providers/filesystem in memory.
//
// # Templates and copies
//
// A [Template] is a tree that does not change any more: the files of a
// configuration, or the layers of an image. Any number of guests read it at the
// same time. A copy of it ([Template.Copy]) is a tree of its own that begins the
// same and costs next to nothing: a file, directory or link of the template is
// copied when it is first changed, and the pages of a file when they are first
// written. A handle that was opened before sees the change, as the copy is found by
// what it is a copy of and not by its path.
//
// # Limits
//
// The limits of a tree bound the memory of the host: it is at most twice Bytes and a
// KiB for each of Files. The whole size of a file counts as soon as it is written
// to, whether it has holes or not, and whether the template had it or not. Files
// that were removed count until the last handle is closed. A file that is larger
// than all that there may be fails with filesystem.FileTooLarge.
//
// # Differences to a disk
//
// Reading does not change the time of access. A reader of a directory does not show
// what is made after it was opened, and shows everything else exactly once. Sync does
// nothing.
package memfs
