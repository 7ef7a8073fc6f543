package filesystem

import "errors"

// Code classifies an error, by the names of POSIX.
type Code uint8

// The codes.
const (
	IO            Code = iota // EIO, and whatever has no code of its own
	Access                    // EACCES
	BadDescriptor             // EBADF
	Busy                      // EBUSY
	CrossDevice               // EXDEV
	Exist                     // EEXIST
	FileTooLarge              // EFBIG
	Interrupted               // EINTR
	Invalid                   // EINVAL
	IsDirectory               // EISDIR
	Loop                      // ELOOP
	NameTooLong               // ENAMETOOLONG
	NoEntry                   // ENOENT
	NoMemory                  // ENOMEM, EMFILE, ENFILE
	NoSpace                   // ENOSPC
	NotDirectory              // ENOTDIR
	NotEmpty                  // ENOTEMPTY
	NotPermitted              // EPERM, and paths that leave their directory
	Overflow                  // EOVERFLOW
	Quota                     // EDQUOT
	ReadOnly                  // EROFS
	TextFileBusy              // ETXTBSY
	TooManyLinks              // EMLINK
	Unsupported               // ENOTSUP, ENOSYS
)

var codeNames = [...]string{
	"input or output error", "permission denied", "bad descriptor", "resource is busy", "cross-device link", "file exists",
	"file too large", "interrupted", "invalid argument", "is a directory", "too many levels of symbolic links", "name too long",
	"no such file or directory", "out of memory or descriptors", "no space left", "not a directory", "directory not empty",
	"operation not permitted", "value too large", "quota exceeded", "read-only", "text file busy", "too many links", "not supported",
}

// String returns what the code means.
func (c Code) String() string {
	if int(c) < len(codeNames) {
		return codeNames[c]
	}
	return codeNames[IO]
}

// Error is an error of this package.
type Error struct {
	Code Code
	// Err is the cause, or nil. It may name paths of the host.
	Err error
}

// Fail returns the error of a code that needs no cause.
func Fail(c Code) error { return &Error{Code: c} }

func (e *Error) Error() string {
	if e.Err == nil {
		return e.Code.String()
	}
	return e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the code of an error, or IO for one of another package.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return IO
}
