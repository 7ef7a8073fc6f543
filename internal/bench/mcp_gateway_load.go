package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// mcpCall is a kind of call that clients make. Every one of them says something else, and
// its answer has to say that.
type mcpCall struct {
	legacy bool // the client is one of 2025-11-25, with a session
	// method is tools/call if empty.
	method string
	tool   string
	size   int // of the text
	events int // how many events of progress come before the response
	// check says what is wrong with an answer beside its id. If nil, it has to repeat the
	// text.
	check func(answer []byte, n uint64) error
	// arguments are those of the nth call, all equally long. If nil, they are a text.
	arguments func(n uint64) string
}

// place is where calls are made.
type place struct {
	host, path, token string
}

// mcpClient is a client with one connection. It does as little as a client can, so that it
// takes little of the processors that it shares with what is measured.
type mcpClient struct {
	call    *mcpCall
	conn    net.Conn
	in      *bufio.Reader
	message []byte // a request, of which only the number and the text change
	id      int    // where these are
	text    int
	token   int
	args    int
	filler  []byte // what is behind the digits of the text, with the quotation mark
	answer  []byte
}

// numbers are those of the calls of all clients.
var numbers atomic.Uint64

const (
	idDigits   = 10
	textDigits = 16
	idBegin    = 1_000_000_000
)

// newMCPClient connects a client, and begins its session if it needs one.
func newMCPClient(ctx context.Context, at place, call *mcpCall) (*mcpClient, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", at.host)
	if err != nil {
		return nil, err
	}
	c := &mcpClient{call: call, conn: conn, in: bufio.NewReaderSize(conn, 64<<10)}
	session := ""
	if call.legacy {
		if session, err = c.begin(at); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	c.compose(at, session)
	return c, nil
}

func (c *mcpClient) close() { _ = c.conn.Close() }

// begin begins a session. Servers that keep none give it no id.
func (c *mcpClient) begin(at place) (string, error) {
	const hello = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}}`
	header, err := c.send(append(head(at, "", len(hello)), hello...))
	if err != nil {
		return "", fmt.Errorf("initialize: %w", err)
	}
	session := ""
	if id := header.Get("Mcp-Session-Id"); id != "" {
		session = "Mcp-Session-Id: " + id + "\r\n"
	}
	const ready = `{"jsonrpc":"2.0","method":"notifications/initialized"}`
	_, err = c.send(append(head(at, legacyHead+session, len(ready)), ready...))
	return session, err
}

const legacyHead = "Mcp-Protocol-Version: 2025-11-25\r\n"

// head returns the head of a request with a body of so many bytes.
func head(at place, fields string, size int) []byte {
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nAuthorization: Bearer %s\r\n%sContent-Length: %d\r\n\r\n",
		at.path, at.host, at.token, fields, size)
}

// compose writes the request that all calls of the client are.
func (c *mcpClient) compose(at place, session string) {
	method := c.call.method
	if method == "" {
		method = "tools/call"
	}
	fields := legacyHead + session
	meta := ""
	if !c.call.legacy {
		fields = "Mcp-Protocol-Version: 2026-07-28\r\nMcp-Method: " + method + "\r\n"
		if c.call.tool != "" {
			fields += "Mcp-Name: " + c.call.tool + "\r\n"
		}
		meta = `"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}`
	}
	body := []byte(`{"jsonrpc":"2.0","id":`)
	c.id = len(body)
	body = fmt.Appendf(body, `%d,"method":%q,"params":{`, idBegin, method)
	if c.call.tool != "" {
		body = fmt.Appendf(body, `"name":%q,"arguments":`, c.call.tool)
		c.args = len(body)
		if c.call.arguments != nil {
			body = append(body, c.call.arguments(0)...)
		} else {
			c.filler = append(bytes.Repeat([]byte("x"), max(c.call.size-textDigits, 0)), '"')
			body = append(body, `{"text":"`...)
			c.text = len(body)
			body = append(append(fmt.Appendf(body, "%0*x", textDigits, 0), c.filler...), '}')
		}
		body = append(body, ',')
	}
	body = append(append(body, `"_meta":{`...), meta...)
	if c.call.events > 0 {
		if meta != "" {
			body = append(body, ',')
		}
		body = append(body, `"progressToken":"`...)
		c.token = len(body)
		body = append(fmt.Appendf(body, "%0*x", textDigits, 0), '"')
	}
	body = append(body, "}}}"...)
	c.message = append(head(at, fields, len(body)), body...)
	from := len(c.message) - len(body)
	c.id += from
	for _, at := range []*int{&c.text, &c.token, &c.args} {
		if *at > 0 {
			*at += from
		}
	}
}

// do makes the next call, and checks its answer.
func (c *mcpClient) do() error {
	n := numbers.Add(1)
	id := strconv.AppendUint(c.message[c.id:c.id], idBegin+n, 10)
	if len(id) != idDigits {
		return errors.New("there have been too many calls")
	}
	var word [textDigits]byte
	digits := fmt.Appendf(word[:0], "%0*x", textDigits, n)
	for _, at := range []int{c.text, c.token} {
		if at > 0 {
			copy(c.message[at:], digits)
		}
	}
	if c.call.arguments != nil {
		copy(c.message[c.args:], c.call.arguments(n))
	}
	if _, err := c.send(c.message); err != nil {
		return err
	}
	if err := c.verify(id, digits, n); err != nil {
		return fmt.Errorf("%w: %.300s", err, c.answer)
	}
	return nil
}

// send sends a request and reads the answer. It returns the header of that.
func (c *mcpClient) send(message []byte) (http.Header, error) {
	if _, err := c.conn.Write(message); err != nil {
		return nil, err
	}
	resp, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	c.answer = c.answer[:0]
	for {
		c.answer = slices.Grow(c.answer, max(512, int(min(resp.ContentLength, 64<<20))-len(c.answer)))
		n, err := resp.Body.Read(c.answer[len(c.answer):cap(c.answer)])
		c.answer = c.answer[:len(c.answer)+n]
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusAccepted {
		return nil, fmt.Errorf("%s: %.300s", resp.Status, c.answer)
	}
	return resp.Header, nil
}

// verify says what is wrong with the answer.
func (c *mcpClient) verify(id, digits []byte, n uint64) error {
	answer := c.answer
	if c.call.events > 0 {
		if got := bytes.Count(answer, slices.Concat([]byte(`"progressToken":"`), digits, []byte(`"`))); got != c.call.events {
			return fmt.Errorf("%d events of progress, not %d", got, c.call.events)
		}
	}
	if _, rest, _ := bytes.Cut(answer, []byte(`"id":`)); !bytes.HasPrefix(rest, id) {
		return fmt.Errorf("not the answer of request %s", id)
	}
	if c.call.check != nil {
		return c.call.check(answer, n)
	}
	if _, rest, _ := bytes.Cut(answer, append([]byte(`"text":"`), digits...)); !bytes.HasPrefix(rest, c.filler) {
		return errors.New("not the text of the request")
	}
	return nil
}

// crowd are clients that call at the same time.
type crowd struct {
	all  []*mcpClient
	free chan *mcpClient
}

// newCrowd connects clients and has each make calls that are not measured.
func newCrowd(ctx context.Context, at place, call *mcpCall, n int) (*crowd, error) {
	c := &crowd{free: make(chan *mcpClient, n)}
	for range n {
		m, err := newMCPClient(ctx, at, call)
		if err != nil {
			c.close()
			return nil, err
		}
		c.all = append(c.all, m)
		c.free <- m
	}
	if _, err := c.closed(2*n, time.Minute); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *crowd) close() {
	for _, m := range c.all {
		m.close()
	}
}

// closed has each client call again as soon as it has its answer.
func (c *crowd) closed(n int, most time.Duration) (load, error) {
	return loop(len(c.all), n, most, func() error {
		m := <-c.free
		defer func() { c.free <- m }()
		return m.do()
	})
}

// open has calls be made at a rate, whether or not those before have been answered: at
// times that do not depend on each other, from which on they count, though all clients may
// be waiting for answers then. So what makes one call late makes those behind it late too,
// as it would those of as many people (coordinated omission is when it is not so).
func (c *crowd) open(rate float64, most time.Duration) (load, error) {
	n := int(rate * most.Seconds())
	if n == 0 {
		return load{}, fmt.Errorf("at %.3f calls a second there is none in %v", rate, most)
	}
	// Who waits for the next time keeps a thread.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(runtime.NumCPU() + 1))
	due := make(chan time.Time, n)
	times := make([]time.Duration, n)
	errs := make([]error, len(c.all))
	var next atomic.Int64
	var wg sync.WaitGroup
	begin := time.Now()
	wg.Go(func() {
		defer close(due)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // equal for all that are compared
		at := begin
		for range n {
			at = at.Add(time.Duration(random.ExpFloat64() / rate * float64(time.Second)))
			sleepUntil(at)
			due <- at
		}
	})
	for i, m := range c.all {
		wg.Go(func() {
			for at := range due {
				if errs[i] != nil {
					continue
				}
				errs[i] = m.do()
				times[next.Add(1)-1] = time.Since(at)
			}
		})
	}
	wg.Wait()
	total := time.Since(begin)
	if err := errors.Join(errs...); err != nil {
		return load{}, err
	}
	slices.Sort(times)
	return load{n: n, rps: float64(n) / total.Seconds(), p50: times[n/2], p99: times[n*99/100]}, nil
}
