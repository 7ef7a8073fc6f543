package natslattice

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wattle-dev/wattle/lattice"
)

const (
	// chunkSize is how many bytes of an object a message has.
	chunkSize = 128 << 10
	// maxObjects bounds an object store.
	maxObjects = 2 << 30
	// maxObjectName bounds the name of an object.
	maxObjectName = 256
	digestPrefix  = "SHA-256="
)

// objects implements lattice.Objects in the form of the object stores of NATS:
// the chunks of an object under a subject of their own, and one message about it.
type objects struct {
	l      *Lattice
	name   string
	stream string
}

// Objects implements lattice.Lattice.
func (l *Lattice) Objects(ctx context.Context, name string, create bool) (lattice.Objects, error) {
	if !validName(name) {
		return nil, fmt.Errorf("object store %q: %w: only letters, digits, - and _ may be in its name", name, lattice.ErrInvalid)
	}
	o := &objects{l: l, name: name, stream: "OBJ_" + name}
	var err error
	if create {
		_, err = l.createStream(ctx, &jetstream.StreamConfig{
			Name:         o.stream,
			Subjects:     []string{"$O." + name + ".C.>", "$O." + name + ".M.>"},
			MaxBytes:     maxObjects,
			MaxMsgs:      -1,
			MaxMsgSize:   -1,
			MaxConsumers: -1,
			Storage:      jetstream.FileStorage,
			Replicas:     1,
			Discard:      jetstream.DiscardNew,
			AllowDirect:  true, // and no roll-ups, with which a message could empty it
		}, func(have *jetstream.StreamConfig) (bool, error) {
			changed := false
			set(&changed, &have.AllowDirect, true)
			set(&changed, &have.AllowRollup, false)
			return changed, nil
		})
	} else {
		_, err = l.stream(ctx, o.stream)
	}
	if err != nil {
		return nil, fmt.Errorf("object store %q: %w", name, err)
	}
	return o, nil
}

func (o *objects) wrap(doing, name string, err error) error {
	return fmt.Errorf("%s object %q in %q: %w", doing, name, o.name, err)
}

func (o *objects) metaSubject(name string) string {
	return "$O." + o.name + ".M." + base64.URLEncoding.EncodeToString([]byte(name))
}

func (o *objects) chunkSubject(id string) string { return "$O." + o.name + ".C." + id }

// put begins subjects to which messages are sent: with a domain they go through
// its API.
func (o *objects) put() string {
	if o.l.api == "$JS.API." {
		return ""
	}
	return o.l.api
}

// info returns what is known of an object, which may be deleted.
func (o *objects) info(ctx context.Context, name string) (*jetstream.ObjectInfo, error) {
	if name == "" || len(name) > maxObjectName {
		return nil, fmt.Errorf("%w: a name has 1 to %d bytes", lattice.ErrInvalid, maxObjectName)
	}
	k, err := o.l.last(ctx, o.stream, o.metaSubject(name))
	if err != nil {
		return nil, err
	}
	var info jetstream.ObjectInfo
	if err := json.Unmarshal(k.data, &info); err != nil || !validName(info.NUID) {
		return nil, fmt.Errorf("%w: what is said of it is damaged: store it again", lattice.ErrInternal)
	}
	return &info, nil
}

// Put implements lattice.Objects.
func (o *objects) Put(ctx context.Context, name string, r io.Reader) error {
	old, err := o.info(ctx, name)
	if err != nil && !errors.Is(err, lattice.ErrNotFound) && !errors.Is(err, lattice.ErrInternal) {
		return o.wrap("put", name, err)
	}
	info := &jetstream.ObjectInfo{
		ObjectMeta: jetstream.ObjectMeta{Name: name, Opts: &jetstream.ObjectMetaOptions{ChunkSize: chunkSize}},
		Bucket:     o.name,
		NUID:       rand.Text(),
	}
	if err := o.upload(ctx, info, r); err != nil {
		// Chunks that belong to nothing are taken away again.
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), lattice.DefaultTimeout)
		defer cancel()
		_ = o.purge(undo, o.chunkSubject(info.NUID), 0)
		return o.wrap("put", name, err)
	}
	if old != nil && !old.Deleted {
		if err := o.purge(ctx, o.chunkSubject(old.NUID), 0); err != nil {
			return o.wrap("remove what was before", name, err)
		}
	}
	return nil
}

func (o *objects) upload(ctx context.Context, info *jetstream.ObjectInfo, r io.Reader) error {
	digest := sha256.New()
	chunk := make([]byte, min(chunkSize, o.l.MaxPayload()))
	for {
		n, err := io.ReadFull(r, chunk)
		if n > 0 {
			_, _ = digest.Write(chunk[:n])
			if _, err := o.l.store(ctx, o.stream, &nats.Msg{Subject: o.put() + o.chunkSubject(info.NUID), Data: chunk[:n]}); err != nil {
				return err
			}
			info.Size += uint64(n)
			info.Chunks++
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("what should be stored: %w", err)
		}
	}
	info.Digest = digestPrefix + base64.URLEncoding.EncodeToString(digest.Sum(nil))
	return o.announce(ctx, info)
}

// announce has info be what is known of the object.
func (o *objects) announce(ctx context.Context, info *jetstream.ObjectInfo) error {
	info.ModTime = time.Time{} // the time of the message counts
	data, err := json.Marshal(info)
	if err != nil {
		return fmt.Errorf("%w: %v", lattice.ErrInternal, err)
	}
	meta := o.metaSubject(info.Name)
	if _, err := o.l.store(ctx, o.stream, &nats.Msg{Subject: o.put() + meta, Data: data}); err != nil {
		return err
	}
	_ = o.purge(ctx, meta, 1) // what was known before is a few bytes, which nobody reads
	return nil
}

// purge removes the messages of a subject but the last ones.
func (o *objects) purge(ctx context.Context, subject string, keep uint64) error {
	request := struct {
		Filter string `json:"filter"`
		Keep   uint64 `json:"keep,omitempty"`
	}{subject, keep}
	return o.l.call(ctx, "STREAM.PURGE."+o.stream, &request, &struct{}{})
}

// Has implements lattice.Objects.
func (o *objects) Has(ctx context.Context, name string) (bool, error) {
	info, err := o.info(ctx, name)
	if errors.Is(err, lattice.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, o.wrap("look for", name, err)
	}
	return !info.Deleted, nil
}

// Delete implements lattice.Objects.
func (o *objects) Delete(ctx context.Context, name string) error {
	info, err := o.info(ctx, name)
	if errors.Is(err, lattice.ErrNotFound) || err == nil && info.Deleted {
		return nil
	}
	if err != nil {
		return o.wrap("delete", name, err)
	}
	info.Deleted, info.Size, info.Chunks, info.Digest = true, 0, 0, ""
	if err := o.announce(ctx, info); err != nil {
		return o.wrap("delete", name, err)
	}
	if err := o.purge(ctx, o.chunkSubject(info.NUID), 0); err != nil {
		return o.wrap("delete", name, err)
	}
	return nil
}

// Open implements lattice.Objects. ctx bounds the reading too.
func (o *objects) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	info, err := o.info(ctx, name)
	if err == nil && info.Deleted {
		err = lattice.ErrNotFound
	}
	if err != nil {
		return nil, o.wrap("open", name, err)
	}
	pr, pw := io.Pipe()
	ctx, cancel := context.WithCancel(ctx)
	r := &objectReader{pipe: pr, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		err := o.download(ctx, info, pw)
		if err != nil {
			err = o.wrap("read", name, err)
		}
		_ = pw.CloseWithError(err) // nil is io.EOF
	}()
	return r, nil
}

// download writes an object to w, and returns nil if that was all of it and it is
// whole.
func (o *objects) download(ctx context.Context, info *jetstream.ObjectInfo, w io.Writer) error {
	d := &download{info: info, digest: sha256.New(), w: w, from: position{sequence: 1}}
	if info.Size == 0 {
		return d.verify()
	}
	for attempt := 0; ; attempt++ {
		err := o.l.feed(ctx, o.stream, o.chunkSubject(info.NUID), d.from, feedFuncs{
			begin: func(pending uint64) error {
				if pending == 0 {
					return callbackError{fmt.Errorf("%w: it was replaced or deleted while it was read: open it again", lattice.ErrUnavailable)}
				}
				return nil
			},
			message: func(m *delivery) error {
				attempt = 0
				return d.chunk(m)
			},
		})
		if stop, err := o.l.resume(ctx, attempt, err, true); stop {
			if own, ok := errors.AsType[callbackError](err); ok {
				return own.err
			}
			if err != nil {
				return err
			}
			return d.verify()
		}
	}
}

// download is an object that is being read.
type download struct {
	info   *jetstream.ObjectInfo
	digest hash.Hash
	size   uint64
	w      io.Writer
	// from is where the next chunk is.
	from position
}

func (d *download) chunk(m *delivery) error {
	d.from = position{sequence: m.sequence + 1}
	d.size += uint64(len(m.msg.Data))
	if d.size > d.info.Size {
		return callbackError{d.damaged()}
	}
	_, _ = d.digest.Write(m.msg.Data)
	if _, err := d.w.Write(m.msg.Data); err != nil {
		return callbackError{err}
	}
	if d.size == d.info.Size {
		return errEnough
	}
	return nil
}

// verify compares what was read with what was stored.
func (d *download) verify() error {
	if d.size != d.info.Size || digestPrefix+base64.URLEncoding.EncodeToString(d.digest.Sum(nil)) != d.info.Digest {
		return d.damaged()
	}
	return nil
}

func (d *download) damaged() error {
	return fmt.Errorf("%w: it is damaged: store it again", lattice.ErrInternal)
}

// objectReader is an object that is being read.
type objectReader struct {
	pipe   *io.PipeReader
	cancel context.CancelFunc
	done   chan struct{}
}

// Read implements io.Reader.
func (r *objectReader) Read(p []byte) (int, error) { return r.pipe.Read(p) }

// Close implements io.Closer.
func (r *objectReader) Close() error {
	r.cancel()
	_ = r.pipe.Close()
	<-r.done
	return nil
}
