package natslattice

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wattle-dev/wattle/lattice"
)

const (
	// headerRoom is how many bytes of headers a message of a bucket may have
	// besides its value.
	headerRoom = 1 << 10
	// markerTTL is how long deletions are remembered. Watches that were away for
	// longer find out by themselves.
	markerTTL = time.Hour
	// maxKey bounds a key.
	maxKey = 1 << 10
)

// Fields of messages of buckets.
const (
	fieldOperation    = "KV-Operation"
	fieldMarkerReason = "Nats-Marker-Reason"
	fieldExpected     = "Nats-Expected-Last-Subject-Sequence"
	fieldTTL          = "Nats-TTL"
)

// bucket implements lattice.Bucket.
type bucket struct {
	l      *Lattice
	name   string
	stream string
	// prefix begins the subjects of keys.
	prefix string
	// put begins the subjects to which values are sent: with a domain they go
	// through its API.
	put      string
	maxValue int
	// ttl is how long a value stays; zero is for ever.
	ttl time.Duration
	// markers says that the server forgets deletions by itself.
	markers bool
}

// Bucket implements lattice.Lattice.
func (l *Lattice) Bucket(ctx context.Context, name string) (lattice.Bucket, error) {
	if !validName(name) {
		return nil, fmt.Errorf("bucket %q: %w: only letters, digits, - and _ may be in its name", name, lattice.ErrInvalid)
	}
	c, err := l.stream(ctx, "KV_"+name)
	if err != nil {
		return nil, fmt.Errorf("bucket %q: %w", name, err)
	}
	if !c.AllowDirect || c.MaxMsgsPerSubject < 1 {
		return nil, fmt.Errorf("bucket %q: %w: it is there but was not made by a scheduler of Wattle: stop whoever made it, and start a scheduler", name, lattice.ErrConflict)
	}
	return l.newBucket(name, c), nil
}

func (l *Lattice) newBucket(name string, c *jetstream.StreamConfig) *bucket {
	b := &bucket{l: l, name: name, stream: "KV_" + name, prefix: "$KV." + name + ".", ttl: c.MaxAge, markers: c.AllowMsgTTL}
	b.put = b.prefix
	if l.api != "$JS.API." {
		b.put = l.api + b.prefix
	}
	if c.MaxMsgSize > 0 {
		b.maxValue = max(int(c.MaxMsgSize)-headerRoom, 0)
	}
	return b
}

// CreateBucket implements lattice.Lattice.
func (l *Lattice) CreateBucket(ctx context.Context, c lattice.BucketConfig) (lattice.Bucket, error) {
	if !validName(c.Name) {
		return nil, fmt.Errorf("bucket %q: %w: only letters, digits, - and _ may be in its name", c.Name, lattice.ErrInvalid)
	}
	if c.TTL < 0 || c.MaxBytes < 0 || c.MaxValue < 0 || c.Replicas < 0 {
		return nil, fmt.Errorf("bucket %q: %w: a bound is negative", c.Name, lattice.ErrInvalid)
	}
	want := bucketStream(&c)
	have, err := l.createStream(ctx, want, func(have *jetstream.StreamConfig) (bool, error) {
		if have.Storage != want.Storage {
			return false, errStorage(have.Storage)
		}
		changed := false
		set(&changed, &have.Description, want.Description)
		set(&changed, &have.MaxMsgsPerSubject, want.MaxMsgsPerSubject)
		set(&changed, &have.MaxBytes, want.MaxBytes)
		set(&changed, &have.MaxAge, want.MaxAge)
		set(&changed, &have.MaxMsgSize, want.MaxMsgSize)
		if c.Replicas > 0 {
			set(&changed, &have.Replicas, want.Replicas)
		}
		set(&changed, &have.AllowDirect, true)
		set(&changed, &have.AllowRollup, false)
		set(&changed, &have.AllowMsgTTL, true)
		set(&changed, &have.SubjectDeleteMarkerTTL, 0)
		if changed {
			have.Duplicates = want.Duplicates
		}
		return changed, nil
	})
	if err != nil {
		return nil, fmt.Errorf("bucket %q: %w", c.Name, err)
	}
	return l.newBucket(c.Name, have), nil
}

// bucketStream returns the stream that is the bucket.
func bucketStream(c *lattice.BucketConfig) *jetstream.StreamConfig {
	maxBytes, maxValue := c.MaxBytes, c.MaxValue
	if maxBytes == 0 {
		maxBytes = lattice.DefaultMaxBucket
	}
	if maxValue == 0 {
		maxValue = lattice.DefaultMaxValue
	}
	storage := jetstream.FileStorage
	if c.Memory {
		storage = jetstream.MemoryStorage
	}
	// What is not older than this is looked for twice, which costs memory.
	window := 2 * time.Minute
	if c.TTL > 0 {
		window = min(window, c.TTL)
	}
	return &jetstream.StreamConfig{
		Name:              "KV_" + c.Name,
		Description:       c.Description,
		Subjects:          []string{"$KV." + c.Name + ".>"},
		MaxMsgsPerSubject: 1,
		MaxBytes:          maxBytes,
		MaxAge:            c.TTL,
		MaxMsgSize:        int32(min(maxValue, 1<<30) + headerRoom),
		MaxMsgs:           -1,
		MaxConsumers:      -1,
		Storage:           storage,
		Replicas:          max(c.Replicas, 1),
		// Whoever may write one key could empty the bucket with a roll-up. The
		// server makes no markers of what has ended without: see watch.
		AllowRollup: false,
		DenyDelete:  true,
		AllowDirect: true,
		Discard:     jetstream.DiscardNew,
		Duplicates:  window,
		AllowMsgTTL: true,
	}
}

// wrap says in an error what was done to which key.
func (b *bucket) wrap(doing, key string, err error) error {
	return fmt.Errorf("%s %q in bucket %q: %w", doing, key, b.name, err)
}

// Get implements lattice.Bucket.
func (b *bucket) Get(ctx context.Context, key string) (lattice.Entry, error) {
	if err := checkKey(key); err != nil {
		return lattice.Entry{}, b.wrap("get", key, err)
	}
	k, err := b.l.last(ctx, b.stream, b.prefix+key)
	if err == nil && deletion(k.header) {
		err = lattice.ErrNotFound
	}
	if err != nil {
		return lattice.Entry{}, b.wrap("get", key, err)
	}
	return lattice.Entry{Key: key, Value: k.data, Revision: k.sequence, Time: b.l.ours(k.time)}, nil
}

// deletion reports whether a message says that there is no value.
func deletion(h nats.Header) bool {
	return h != nil && (h.Get(fieldOperation) == "DEL" || h.Get(fieldOperation) == "PURGE" || h.Get(fieldMarkerReason) != "")
}

// Put implements lattice.Bucket.
func (b *bucket) Put(ctx context.Context, key string, value []byte) (uint64, error) {
	revision, err := b.write(ctx, key, value, nil)
	if err != nil {
		return 0, b.wrap("put", key, err)
	}
	return revision, nil
}

// Create implements lattice.Bucket.
func (b *bucket) Create(ctx context.Context, key string, value []byte) (uint64, error) {
	revision, err := b.writeAt(ctx, key, value, 0)
	if errors.Is(err, lattice.ErrConflict) {
		// What is there may be a deletion.
		k, lastErr := b.l.last(ctx, b.stream, b.prefix+key)
		switch {
		case lastErr == nil && deletion(k.header):
			revision, err = b.writeAt(ctx, key, value, k.sequence)
		case errors.Is(lastErr, lattice.ErrNotFound):
			revision, err = b.writeAt(ctx, key, value, 0) // it ended meanwhile
		}
	}
	if errors.Is(err, lattice.ErrConflict) {
		err = lattice.ErrExists
	}
	if err != nil {
		return 0, b.wrap("create", key, err)
	}
	return revision, nil
}

// Update implements lattice.Bucket.
func (b *bucket) Update(ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
	now, err := b.writeAt(ctx, key, value, revision)
	if err != nil {
		return 0, b.wrap("update", key, err)
	}
	return now, nil
}

// Delete implements lattice.Bucket.
func (b *bucket) Delete(ctx context.Context, key string) error {
	if _, err := b.write(ctx, key, nil, b.marker()); err != nil {
		return b.wrap("delete", key, err)
	}
	return nil
}

// Remove implements lattice.Bucket.
func (b *bucket) Remove(ctx context.Context, key string, revision uint64) error {
	if _, err := b.writeIf(ctx, key, nil, revision, b.marker()); err != nil {
		return b.wrap("remove", key, err)
	}
	return nil
}

// marker returns the fields of a message that says that there is no value.
func (b *bucket) marker() nats.Header {
	header := nats.Header{fieldOperation: {"DEL"}}
	if b.markers {
		header[fieldTTL] = []string{markerTTL.String()}
	}
	return header
}

// writeAt writes a value if the last message of the key is revision.
func (b *bucket) writeAt(ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
	return b.writeIf(ctx, key, value, revision, nats.Header{})
}

// writeIf is writeAt with more fields.
func (b *bucket) writeIf(ctx context.Context, key string, value []byte, revision uint64, header nats.Header) (uint64, error) {
	header[fieldExpected] = []string{strconv.FormatUint(revision, 10)}
	now, err := b.write(ctx, key, value, header)
	if e, ok := errors.AsType[*apiError](err); ok && errors.Is(e, lattice.ErrConflict) {
		err = lattice.ErrConflict
	}
	return now, err
}

func (b *bucket) write(ctx context.Context, key string, value []byte, header nats.Header) (uint64, error) {
	if err := checkKey(key); err != nil {
		return 0, err
	}
	if limit := b.maxValue; limit > 0 && len(value) > limit {
		return 0, fmt.Errorf("%w: a value of %d bytes, %d are allowed", lattice.ErrExhausted, len(value), limit)
	}
	return b.l.store(ctx, b.stream, &nats.Msg{Subject: b.put + key, Header: header, Data: value})
}

// checkKey checks the form of a key.
func checkKey(key string) error {
	if len(key) > maxKey {
		return fmt.Errorf("%w: the key is longer than %d bytes", lattice.ErrInvalid, maxKey)
	}
	for token := range strings.SplitSeq(key, ".") {
		if !validToken(token) {
			return fmt.Errorf("%w: a key is made of letters, digits, -, _, = and / in parts joined by dots", lattice.ErrInvalid)
		}
	}
	return nil
}

// checkPattern checks the form of a pattern of keys.
func checkPattern(pattern string) error {
	if len(pattern) > maxKey {
		return fmt.Errorf("%w: it is longer than %d bytes", lattice.ErrInvalid, maxKey)
	}
	rest := false
	for token := range strings.SplitSeq(pattern, ".") {
		if rest || token != "*" && token != ">" && !validToken(token) {
			return fmt.Errorf("%w: a pattern is a key in which parts may be *, and the last one >", lattice.ErrInvalid)
		}
		rest = token == ">"
	}
	return nil
}

func validToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; !nameByte(c) && c != '=' && c != '/' {
			return false
		}
	}
	return s != ""
}
