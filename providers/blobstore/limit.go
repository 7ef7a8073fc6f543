package blobstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"
)

// Limits bound a store.
type Limits struct {
	// Object is how many bytes an object that is put may have.
	Object int64
	// Timeout is how long an operation may take, and a stream without progress.
	Timeout time.Duration
	// Used, if it is set, is told with each operation, and each part of a stream, whether
	// the store did what it could: nil, or an error that is its own fault ([Error.Fault]).
	// It is called in any goroutine.
	Used func(*Error)
}

// The bounds of all stores.
const (
	// MaxContainer and MaxObject are how many bytes names may have.
	MaxContainer = 128
	MaxObject    = 480
	// MaxSize and DefaultSize are how many bytes an object may have at most, and if
	// nothing is said.
	MaxSize     = 1 << 40
	DefaultSize = 1 << 30
	// DefaultPage and MaxPage are how many objects are on a page.
	DefaultPage = 500
	MaxPage     = 1000
	// MaxDelete is how many objects are deleted at once.
	MaxDelete = 1000
	// DefaultTimeout is how long an operation may take if nothing is said.
	DefaultTimeout = 10 * time.Second
)

// Limit returns a store with bounds.
func Limit(s Store, l Limits) Store {
	if l.Object <= 0 {
		l.Object = DefaultSize
	}
	if l.Timeout <= 0 {
		l.Timeout = DefaultTimeout
	}
	if l.Used == nil {
		l.Used = func(*Error) {}
	}
	return &limited{s, l}
}

type limited struct {
	store  Store
	limits Limits
}

// errTimeout ends what takes too long.
var errTimeout = errors.New("no answer in time")

// patience is a context that ends when nothing has happened for too long.
type patience struct {
	context.Context //nolint:containedctx // it is one
	caller          context.Context
	cancel          context.CancelCauseFunc
	timer           *time.Timer
	time            time.Duration
	used            func(*Error)
}

func (l *limited) patience(ctx context.Context) *patience {
	own, cancel := context.WithCancelCause(ctx)
	return &patience{own, ctx, cancel, time.AfterFunc(l.limits.Timeout, func() { cancel(errTimeout) }), l.limits.Timeout, l.limits.Used}
}

// progress says that something has happened.
func (p *patience) progress() { p.timer.Reset(p.time) }

// pause has the time stand still, as long as others are waited for.
func (p *patience) pause() { p.timer.Stop() }

// end ends the context.
func (p *patience) end() {
	p.timer.Stop()
	p.cancel(nil)
}

// fault returns the error of an operation with the context: that of the caller's own
// stays what it is, every other one is an *Error.
func (p *patience) fault(err error) error {
	if err == nil || err == io.EOF { //nolint:errorlint // as readers return it
		p.used(nil)
		return err
	}
	if cause := context.Cause(p.caller); cause != nil {
		return cause
	}
	e, ok := errors.AsType[*Error](err)
	switch {
	case errors.Is(context.Cause(p.Context), errTimeout):
		e = &Error{Kind: Unavailable, Message: fmt.Sprintf("the store did not answer within %v", p.time), Err: err}
	case !ok:
		e = &Error{Err: err}
	}
	if e.Fault() {
		p.used(e)
	} else {
		p.used(nil)
	}
	return e
}

func within[T any](ctx context.Context, l *limited, f func(context.Context) (T, error)) (T, error) {
	p := l.patience(ctx)
	defer p.end()
	v, err := f(p)
	if err := p.fault(err); err != nil {
		var zero T
		return zero, err
	}
	return v, nil
}

func (l *limited) do(ctx context.Context, f func(context.Context) error) error {
	_, err := within(ctx, l, func(ctx context.Context) (struct{}, error) { return struct{}{}, f(ctx) })
	return err
}

func checkName(what, name string, most int) error {
	switch {
	case name == "":
		return &Error{Kind: Invalid, Message: "the name of the " + what + " is empty"}
	case len(name) > most:
		return &Error{Kind: TooLarge, Message: fmt.Sprintf("the name of the %s has %d bytes, %d are allowed", what, len(name), most)}
	case !utf8.ValidString(name):
		return &Error{Kind: Invalid, Message: "the name of the " + what + " is not valid UTF-8"}
	}
	return nil
}

func checkContainer(name string) error { return checkName("container", name, MaxContainer) }

func checkID(id ID) error {
	if err := checkContainer(id.Container); err != nil {
		return err
	}
	return checkName("object", id.Object, MaxObject)
}

// CreateContainer implements Store.
func (l *limited) CreateContainer(ctx context.Context, name string) error {
	if err := checkContainer(name); err != nil {
		return err
	}
	return l.do(ctx, func(ctx context.Context) error { return l.store.CreateContainer(ctx, name) })
}

// Container implements Store.
func (l *limited) Container(ctx context.Context, name string) (ContainerInfo, error) {
	if err := checkContainer(name); err != nil {
		return ContainerInfo{}, err
	}
	return within(ctx, l, func(ctx context.Context) (ContainerInfo, error) { return l.store.Container(ctx, name) })
}

// DeleteContainer implements Store.
func (l *limited) DeleteContainer(ctx context.Context, name string) error {
	if err := checkContainer(name); err != nil {
		return err
	}
	return l.do(ctx, func(ctx context.Context) error { return l.store.DeleteContainer(ctx, name) })
}

// Put implements Store.
func (l *limited) Put(ctx context.Context, id ID, r io.Reader) error {
	if err := checkID(id); err != nil {
		return err
	}
	p := l.patience(ctx)
	defer p.end()
	in := &source{p: p, r: r, left: l.limits.Object, most: l.limits.Object}
	err := l.store.Put(p, id, in)
	if err != nil && in.err != nil && context.Cause(p.caller) == nil {
		return in.err // what was to be stored, and not the store
	}
	return p.fault(err)
}

// source is what is put: what it reads is counted, and waiting for it is not the
// store's fault.
type source struct {
	p          *patience
	r          io.Reader
	left, most int64
	err        error
}

// Read implements io.Reader.
func (s *source) Read(b []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	s.p.pause()
	n, err := s.r.Read(b)
	s.p.progress()
	if s.left -= int64(n); s.left < 0 {
		n, err = 0, &Error{Kind: TooLarge, Message: fmt.Sprintf("the object has more than %d bytes", s.most)}
	}
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// Open implements Store.
func (l *limited) Open(ctx context.Context, id ID, r Range) (*Reader, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	p := l.patience(ctx)
	opened, err := l.store.Open(p, id, r)
	if err != nil {
		err = p.fault(err)
		p.end()
		return nil, err
	}
	p.pause()
	return &Reader{&reading{opened.ReadCloser, p}, opened.Info, opened.Length}, nil
}

// reading is an object that is read: time counts only while a read waits.
type reading struct {
	io.ReadCloser
	p *patience
}

// Read implements io.Reader.
func (r *reading) Read(b []byte) (int, error) {
	r.p.progress()
	n, err := r.ReadCloser.Read(b)
	r.p.pause()
	return n, r.p.fault(err)
}

// Close implements io.Closer.
func (r *reading) Close() error {
	r.p.end()
	return r.ReadCloser.Close()
}

// Info implements Store.
func (l *limited) Info(ctx context.Context, id ID) (ObjectInfo, error) {
	if err := checkID(id); err != nil {
		return ObjectInfo{}, err
	}
	return within(ctx, l, func(ctx context.Context) (ObjectInfo, error) { return l.store.Info(ctx, id) })
}

// List implements Store.
func (l *limited) List(ctx context.Context, container string, q Query) (Page, error) {
	if err := checkContainer(container); err != nil {
		return Page{}, err
	}
	if len(q.Prefix) > MaxObject { // no object has such a name
		q.Prefix = q.Prefix[:MaxObject+1]
	}
	if q.Limit <= 0 {
		q.Limit = DefaultPage
	}
	q.Limit = min(q.Limit, MaxPage)
	return within(ctx, l, func(ctx context.Context) (Page, error) { return l.store.List(ctx, container, q) })
}

// Delete implements Store.
func (l *limited) Delete(ctx context.Context, container string, names ...string) error {
	if len(names) > MaxDelete {
		return &Error{Kind: TooLarge, Message: fmt.Sprintf("%d objects are to be deleted at once, %d are allowed", len(names), MaxDelete)}
	}
	for _, name := range names {
		if err := checkID(ID{container, name}); err != nil {
			return err
		}
	}
	if len(names) == 0 {
		return checkContainer(container)
	}
	return l.do(ctx, func(ctx context.Context) error { return l.store.Delete(ctx, container, names...) })
}

// Copy implements Store.
func (l *limited) Copy(ctx context.Context, src, dst ID) error {
	if err := checkID(src); err != nil {
		return err
	}
	if err := checkID(dst); err != nil {
		return err
	}
	p := l.patience(ctx)
	defer p.end()
	return p.fault(l.store.Copy(withProgress(p), src, dst))
}

// Close implements Store.
func (l *limited) Close() error { return l.store.Close() }

type progressKey struct{}

// withProgress has backends say that a long operation goes on.
func withProgress(p *patience) context.Context {
	return context.WithValue(p.Context, progressKey{}, p)
}

// Progress says that an operation with the context has got on.
func Progress(ctx context.Context) {
	if p, ok := ctx.Value(progressKey{}).(*patience); ok {
		p.progress()
	}
}
