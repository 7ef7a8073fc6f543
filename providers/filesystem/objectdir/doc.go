// Package objectdir implements a directory tree of providers/filesystem over a container
// of providers/blobstore.
//
// # Names
//
// An object is a file, and its name the path, behind a prefix that is the tree's. A
// directory is there if an object is below it; Mkdir makes an object whose name ends
// with a slash, and Unlink one for the directory that it leaves empty. A name that is no
// path, "a//b" or "../x", is not shown. Where an object "a" is beside one "a/b", a is a
// file.
//
// # Writing
//
// A file that is written to is read into memory, and stored as a whole when it is
// synced or closed: the last writer wins, and who reads meanwhile has what was stored
// before. Handles of one tree see each other's writes at once; other trees see what is
// stored. A file that is made is stored at once, empty. What cannot be stored when a
// handle is closed can be told to nobody: a program that has to know syncs, and the
// host is told ([Options].Failed).
//
// Rename copies and removes, object by object: another may see both names, or, of a
// directory, a part of it at each.
//
// A file that is removed while it is open is gone: it cannot be read any more, and what
// is written to it is not stored. There are no links, and no times to be set:
// filesystem.Unsupported.
//
// # Limits
//
// The limits count what is in the container below the prefix, whoever put it there. It
// is counted by listing it, when something is made or grows and the count is older
// than a few seconds; what this host makes is counted at once. They also bound the
// memory that an instance's files take.
package objectdir
