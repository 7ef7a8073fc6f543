package invoke

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// upload is a request on its way to a host. Its body is read by a goroutine of its
// own, which sends it to the exchange that is attached: what it has read first is
// kept, so that a host that does not begin with the request can be followed by
// another.
type upload struct {
	r       *http.Request
	ctl     *http.ResponseController
	head    []byte
	chunk   int
	streams bool // there is a body
	expects bool // the client waits for 100 Continue

	exchanges chan *exchange // to send to
	stop      chan struct{}
	ready     chan struct{} // closed when the beginning has been read
	wg        sync.WaitGroup

	mu sync.Mutex
	// first is the beginning of the body. It grows until somebody wants it; what
	// is there does not change. end is what the last Read said.
	first  []byte
	end    error
	wanted bool
	inOpen int  // how much of first is in the frame that began the exchange
	passed bool // the host has begun
	// reading says that the body is being read, closed that it must not be.
	reading, closed bool
}

// newUpload returns a request that can be sent. It is closed with close.
func newUpload(w http.ResponseWriter, r *http.Request, chunk int) (*upload, error) {
	head, err := requestHead(r)
	if err != nil {
		return nil, err
	}
	u := &upload{r: r, head: head, chunk: chunk}
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return u, nil
	}
	u.streams = true
	u.expects = strings.EqualFold(r.Header.Get("Expect"), "100-continue")
	u.ctl = http.NewResponseController(w)
	_ = u.ctl.EnableFullDuplex() // others can do it anyway
	u.exchanges = make(chan *exchange, 1)
	u.stop = make(chan struct{})
	u.ready = make(chan struct{})
	u.wg.Go(u.run)
	return u, nil
}

// close ends the goroutine.
func (u *upload) close() {
	if !u.streams {
		return
	}
	close(u.stop)
	u.mu.Lock()
	u.closed = true
	reading := u.reading
	u.mu.Unlock()
	if reading && u.ctl.SetReadDeadline(time.Unix(1, 0)) != nil {
		_ = u.r.Body.Close() // it ends a Read, unless it is that of net/http
	}
	u.wg.Wait()
}

// read reads from the body.
func (u *upload) read(p []byte) (int, error) {
	u.mu.Lock()
	u.reading = !u.closed
	closed := u.closed
	u.mu.Unlock()
	if closed {
		return 0, errStopped
	}
	n, err := u.r.Body.Read(p)
	u.mu.Lock()
	u.reading = false
	u.mu.Unlock()
	return n, err
}

// again reports whether the request can be sent to another host.
func (u *upload) again() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return !u.passed
}

// attach has the body go to an exchange that is being begun with open. The
// beginning of the body goes with it, if it is there soon.
func (u *upload) attach(x *exchange, open *wire.Open) {
	if !u.streams {
		open.Flags |= wire.FlagEnd
		return
	}
	over := false // the beginning has been read
	if !u.expects {
		t := time.NewTimer(firstRead)
		select {
		case <-u.ready:
			over = true
		case <-t.C:
		case <-u.r.Context().Done():
		}
		t.Stop()
	}
	u.mu.Lock()
	u.wanted = true
	open.Body, u.inOpen = u.first, len(u.first)
	whole := over && errors.Is(u.end, io.EOF) && len(u.r.Trailer) == 0
	u.mu.Unlock()
	if whole {
		open.Flags |= wire.FlagEnd
		return
	}
	u.exchanges <- x
}

// detach takes the body away from an exchange that has ended.
func (u *upload) detach(x *exchange) {
	if !u.streams {
		return
	}
	select {
	case <-u.exchanges:
	default:
	}
	x.fail(errStopped)
}

// run reads the body and sends it.
func (u *upload) run() {
	read := false
	if !u.expects {
		u.readFirst()
		read = true
	}
	for {
		var x *exchange
		select {
		case x = <-u.exchanges:
		case <-u.stop:
			return
		}
		// The first credit says that the host has begun.
		if _, err := x.awaitRoom(1, u.stop, nil); err != nil {
			continue
		}
		if !read {
			u.readFirst()
		}
		u.send(x)
		return
	}
}

// readFirst reads the beginning of the body, until somebody wants it or it does
// not fit into a frame.
func (u *upload) readFirst() {
	defer close(u.ready)
	size := int64(u.chunk)
	if u.r.ContentLength > 0 {
		size = min(size, u.r.ContentLength)
	}
	buf := make([]byte, size)
	got := 0
	for {
		n, err := u.read(buf[got:])
		got += n
		if err == nil && int64(got) == u.r.ContentLength {
			_, err = u.read(make([]byte, 1)) // trailers are there after the end only
		}
		u.mu.Lock()
		u.first, u.end = buf[:got], err
		wanted := u.wanted
		u.mu.Unlock()
		if wanted || err != nil || got == len(buf) || u.r.ContentLength < 0 && got > 0 {
			return
		}
	}
}

// send sends the body to the exchange.
func (u *upload) send(x *exchange) {
	u.mu.Lock()
	rest := u.first[u.inOpen:]
	err := u.end
	u.passed = true
	u.mu.Unlock()
	if len(rest) > 0 && x.sendBody(rest, wire.Data{}, u.stop, nil) != nil {
		return
	}
	buf := make([]byte, u.chunk)
	for err == nil {
		var n int
		if n, err = x.awaitRoom(len(buf), u.stop, nil); err != nil {
			return
		}
		if n, err = u.read(buf[:n]); n > 0 && x.sendBody(buf[:n], wire.Data{}, u.stop, nil) != nil {
			return
		}
	}
	last := wire.Data{Flags: wire.FlagEnd}
	switch {
	case !errors.Is(err, io.EOF):
		fault := wire.FaultOf(err)
		_, large := errors.AsType[*http.MaxBytesError](err)
		switch {
		case errors.Is(err, io.ErrUnexpectedEOF):
			fault.Code = lattice.CodeUnavailable
		case large:
			fault.Code = lattice.CodeExhausted
		}
		last.Flags |= wire.FlagFault
		last.Section = wire.AppendFault(nil, &fault)
	case len(u.r.Trailer) > 0:
		last.Flags |= wire.FlagTrailer
		last.Section = wire.AppendFields(nil, u.r.Trailer)
		if len(last.Section) > wire.MaxHead {
			last = wire.Data{Flags: wire.FlagEnd}
		}
	}
	_ = x.sendLast(&last)
}
