package filesystem

import (
	"io"
	"time"
)

// Dir is an open directory, and the root of what can be reached from it.
type Dir interface {
	// Open opens or creates a file, or opens a directory.
	Open(path string, how Open) (Object, error)
	// Stat describes an object; the directory itself is ".". A symbolic link
	// that the path ends with is followed if follow is set.
	Stat(path string, follow bool) (Stat, error)
	// SetTimes sets the times of an object.
	SetTimes(path string, follow bool, t Times) error
	// Mkdir makes a directory.
	Mkdir(path string) error
	// Rmdir removes an empty directory.
	Rmdir(path string) error
	// Unlink removes what is not a directory.
	Unlink(path string) error
	// Rename moves an object to a path of another directory or of this one. It
	// replaces what is there as POSIX says.
	Rename(path string, to Dir, toPath string) error
	// Link makes a hard link to a file. It does not follow symbolic links.
	Link(path string, to Dir, toPath string) error
	// Symlink makes a symbolic link at path. A target that is absolute is
	// refused. One that leaves the directory is not: it may come to do so later,
	// when it or what it names is moved. Nobody follows it here, and other
	// programs must not follow links in a directory that guests write to.
	Symlink(target, path string) error
	// Readlink returns the target of a symbolic link, unless it is absolute.
	Readlink(path string) (string, error)
	// Entries returns a new reader of the directory.
	Entries() (Entries, error)
	// Sync makes changes to the directory durable.
	Sync() error
	// Close gives up the directory. What was opened from it stays open.
	Close() error
}

// File is an open regular file.
type File interface {
	io.ReaderAt
	// WriteAt writes all of p or returns an error. Writing past the end extends
	// the file with zeroes.
	io.WriterAt
	// Append writes all of p at the end of the file or returns an error. Nothing
	// that is appended at the same time gets in between, where the system can
	// promise that.
	Append(p []byte) error
	// Truncate sets the size of the file.
	Truncate(size int64) error
	Stat() (Stat, error)
	SetTimes(t Times) error
	// Sync makes changes to the file durable.
	Sync() error
	Close() error
}

// Entries reads a directory.
type Entries interface {
	// Next returns the next entry, or io.EOF after the last. "." and ".." are
	// left out.
	Next() (Entry, error)
	Close() error
}

// Entry is an entry of a directory.
type Entry struct {
	Name string
	Type Type
}

// Object is what Open opens: exactly one of the two.
type Object struct {
	Dir  Dir
	File File
}

// Open says how to open an object. Without Read and Write nothing but the
// metadata of a file can be used.
type Open struct {
	Follow    bool // a symbolic link that the path ends with
	Create    bool // a file, if there is none
	Exclusive bool // with Create: fail with Exist if there is one
	Directory bool // fail with NotDirectory for anything else
	Truncate  bool
	Read      bool
	Write     bool
	Sync      bool // make every write durable before it returns
}

// Type is the type of an object.
type Type uint8

// The types of objects.
const (
	Unknown Type = iota
	BlockDevice
	CharacterDevice
	Directory
	FIFO
	SymbolicLink
	RegularFile
	Socket
)

// Stat describes an object.
type Stat struct {
	Type  Type
	Links uint64
	Size  uint64
	// The times are zero where the system does not have them.
	Accessed, Modified, Changed time.Time
	// Device and Inode together identify the object, if Inode is not zero.
	Device, Inode uint64
}

// Times are times to be set. One that is zero is left as it is.
type Times struct{ Accessed, Modified time.Time }
