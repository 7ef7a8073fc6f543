package lattice

import (
	"context"
	"io"
	"time"
)

// Lattice carries everything between hosts. All methods may be called at the
// same time. A context without a deadline is given one of DefaultTimeout where
// a method waits for an answer. What is over a bound is ErrExhausted; a subject,
// key, pattern or name without the form of one is ErrInvalid; after Close
// everything is ErrUnavailable.
type Lattice interface {
	Messenger
	// Bucket opens a key-value bucket. The error of one that does not exist is
	// ErrNotFound.
	Bucket(ctx context.Context, name string) (Bucket, error)
	// CreateBucket makes a bucket, or opens it with what c says changed.
	CreateBucket(ctx context.Context, c BucketConfig) (Bucket, error)
	// Objects opens a store of objects; it makes it if create is set.
	Objects(ctx context.Context, name string, create bool) (Objects, error)
	// CreateStream has messages of subjects be kept, or changes what is kept.
	CreateStream(ctx context.Context, c StreamConfig) error
	// Replay calls f with the kept messages of subject, from the first not older
	// than since, and returns nil after the last that there was at the beginning,
	// or f's error.
	Replay(ctx context.Context, stream, subject string, since time.Time, f func(*Message) error) error
	// Close ends everything. Subscriptions get no message after it returns.
	Close() error
}

// DefaultTimeout bounds what has no deadline.
const DefaultTimeout = 5 * time.Second

// Message is a message on a subject.
type Message struct {
	Subject string
	// Reply is the subject on which an answer is expected, or empty.
	Reply string
	// Header is nil as a rule: traces travel there, and nothing that is needed.
	Header Header
	// Data belongs to the receiver of the message.
	Data []byte
	// Time is when the message was kept, for Replay.
	Time time.Time
}

// NoResponders reports whether this is not an answer but the word of what carries
// messages that nobody subscribes to what was sent.
func (m *Message) NoResponders() bool {
	return len(m.Data) == 0 && m.Header != nil && m.Header.Get("Status") == "503"
}

// Header are the fields of a message. Keys are case-sensitive.
type Header map[string][]string

// Get returns the first value of a field.
func (h Header) Get(key string) string {
	if v := h[key]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// Messenger carries messages: at most once, and in order from one publisher to
// one subscription unless the connection was lost meanwhile.
type Messenger interface {
	// Publish sends a message. It may return before it was sent; while the
	// connection is lost messages wait in a buffer, and ErrUnavailable is the
	// error when it is full. If nobody subscribes to a message with a Reply, a
	// message that is NoResponders comes there. Nothing of m is kept.
	Publish(m *Message) error
	// Request sends a message and waits for one answer. The error is an *Error
	// of CodeUnavailable and Undelivered if nobody subscribes to the subject. It is
	// context.DeadlineExceeded, and not Undelivered, if nobody answers in time.
	Request(ctx context.Context, m *Message) (*Message, error)
	// Subscribe has f be called with the messages of a subject, one after the
	// other in order. Of the subscriptions with the same queue, unless it is
	// empty, each message reaches one. f must not block.
	Subscribe(subject, queue string, f func(*Message)) (Subscription, error)
	// Flush waits until what was published and subscribed has reached the server.
	Flush(ctx context.Context) error
	// MaxPayload is how many bytes a message may have, its header included.
	MaxPayload() int
	// User is a token that names this user of the lattice in subjects on which
	// only it may listen: its public key, or a random one.
	User() string
	// NewInbox returns a subject for answers on which only this user may listen.
	NewInbox() string
	// Connected reports whether messages can be sent now.
	Connected() bool
}

// Subscription is a subscription.
type Subscription interface {
	// Unsubscribe ends it. Messages that have arrived are still given to f.
	Unsubscribe() error
	// Done is closed when it has ended and f is not called any more.
	Done() <-chan struct{}
}

// BucketConfig configures a bucket.
type BucketConfig struct {
	Name        string
	Description string
	// TTL is how long a value stays unless it is written again; zero is for ever.
	// Then it is deleted, and watches are told.
	TTL time.Duration
	// MaxBytes bounds the bucket. If zero, DefaultMaxBucket.
	MaxBytes int64
	// MaxValue bounds a value. If zero, DefaultMaxValue.
	MaxValue int
	// Replicas is on how many servers it is kept. If zero, as before, and at first
	// one.
	Replicas int
	// Memory keeps the bucket in memory: it is gone when the servers stop.
	Memory bool
}

// Bounds of buckets.
const (
	DefaultMaxBucket = 1 << 30
	DefaultMaxValue  = 512 << 10
)

// Bucket holds the last value of each key. Keys are tokens of letters, digits, -,
// _, = and /, joined by dots.
type Bucket interface {
	// Get returns the value of a key, or ErrNotFound.
	Get(ctx context.Context, key string) (Entry, error)
	// Put sets a value and returns its revision.
	Put(ctx context.Context, key string, value []byte) (uint64, error)
	// Create sets a value if there is none, or else returns ErrExists.
	Create(ctx context.Context, key string, value []byte) (uint64, error)
	// Update sets a value if the last one has the revision, or else returns
	// ErrConflict.
	Update(ctx context.Context, key string, value []byte, revision uint64) (uint64, error)
	// Delete removes a value; it is no error if there is none.
	Delete(ctx context.Context, key string) error
	// Remove removes a value if the last one has the revision, or else returns
	// ErrConflict.
	Remove(ctx context.Context, key string, revision uint64) error
	// List returns the values of the keys that match, in the order of the keys.
	// pattern may have the wildcards of subjects: * for a token, > for the rest.
	List(ctx context.Context, pattern string) ([]Entry, error)
	// Keys returns the keys that match and have a value, without the values, in the
	// order of their revisions: up to limit of those with a revision after the one
	// given, and whether there may be more. Who asks again after the last one gets all
	// keys there are in the end, one that is written meanwhile perhaps twice.
	Keys(ctx context.Context, pattern string, after uint64, limit int) (keys []Entry, more bool, err error)
	// Watch calls f with the values of the keys that match, then with an Entry
	// that is Synced, then with each change in the order of revisions, until ctx
	// ends or f returns an error, which it returns. A watch that loses the
	// connection goes on when it is there again, with the changes of meanwhile; f
	// may see a value twice. It returns nil when ctx ends.
	Watch(ctx context.Context, pattern string, f func(Entry) error) error
}

// Entry is the value of a key.
type Entry struct {
	Key   string
	Value []byte
	// Size is how many bytes the value has, where Keys leaves it out.
	Size     int
	Revision uint64
	// Time is when the value was written, by the clock of who reads it.
	Time time.Time
	// Deleted says that there is no value any more. If Revision is that of the value,
	// nobody has deleted it: it has ended by its time, or was lost with its bucket.
	Deleted bool
	// Synced marks, in Watch and without a key, that all values have been given.
	Synced bool
}

// Objects holds large values by name.
type Objects interface {
	// Put stores an object, and replaces one of that name at once when all is read.
	Put(ctx context.Context, name string, r io.Reader) error
	// Open returns an object, or ErrNotFound. Reading returns an error if the
	// object is damaged.
	Open(ctx context.Context, name string) (io.ReadCloser, error)
	// Has reports whether there is an object.
	Has(ctx context.Context, name string) (bool, error)
	// Delete removes an object; it is no error if there is none.
	Delete(ctx context.Context, name string) error
}

// StreamConfig says which messages are kept, and for how long.
type StreamConfig struct {
	Name        string
	Description string
	Subjects    []string
	// MaxAge, MaxBytes and MaxMessages bound it; the oldest go first. All must
	// be set.
	MaxAge      time.Duration
	MaxBytes    int64
	MaxMessages int64
	// Replicas is on how many servers it is kept. If zero, as before, and at first
	// one.
	Replicas int
}
