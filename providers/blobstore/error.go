package blobstore

// Kind is what kind of error it is.
type Kind uint8

// The kinds.
const (
	// Failed is whatever has no kind of its own.
	Failed Kind = iota
	// NoContainer and NoObject are that there is none of that name.
	NoContainer
	NoObject
	// Exists is that there is one already.
	Exists
	// Denied is that the backend does not let the host do it.
	Denied
	// Invalid is a name or argument with which it cannot be done.
	Invalid
	// TooLarge is what is over a bound of the store.
	TooLarge
	// Full is that the backend has no room.
	Full
	// Unavailable is that the backend is away, or does not answer in time.
	Unavailable
)

var messages = [...]string{
	"the store failed", "there is no such container", "there is no such object", "it exists already", "access denied", "invalid",
	"too large", "the store is full", "the store is not available now",
}

// Error is an error of a store.
type Error struct {
	Kind Kind
	// Message is more than the kind says, or empty. Guests may be told.
	Message string
	// Err is the cause, or nil. It may say where the backend is.
	Err error
}

// What callers tell apart.
var (
	ErrNoContainer error = &Error{Kind: NoContainer}
	ErrNoObject    error = &Error{Kind: NoObject}
	ErrExists      error = &Error{Kind: Exists}
)

// Public is the error without its cause.
func (e *Error) Public() string {
	if e.Message != "" {
		return e.Message
	}
	return messages[min(int(e.Kind), len(messages)-1)]
}

// Fault reports whether it is the store's, and not that of whoever uses it.
func (e *Error) Fault() bool {
	switch e.Kind {
	case Failed, Denied, Full, Unavailable:
		return true
	default:
		return false
	}
}

// Error implements error.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Public()
	}
	return e.Public() + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is an error of the same kind without anything more.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Message == "" && t.Err == nil && t.Kind == e.Kind
}
