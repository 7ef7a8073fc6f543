package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// at returns a place of the gateway.
func (b *gatewayBench) at(ctx context.Context, path, who string) (place, error) {
	if err := b.start(ctx); err != nil {
		return place{}, err
	}
	host, err := hostOf(b.relay.url)
	return place{host, path, gatewayToken + who}, err
}

// lists measures what the gateway answers itself, of a server with many tools.
func (b *gatewayBench) lists(ctx context.Context) error {
	most, n := pick(b.session, 200*time.Millisecond, time.Second), pick(b.session, 1, 3)
	size := 0
	listed := func(answer []byte, _ uint64) error {
		if bytes.Contains(answer[:min(len(answer), 64)], []byte(`"result":"x`)) {
			return nil // that of the peer
		}
		if got := bytes.Count(answer, []byte(`"inputSchema":`)); got != bigTools {
			return fmt.Errorf("%d tools, not %d", got, bigTools)
		}
		size = len(answer)
		return nil
	}
	ask := func(n uint64) string {
		name, _ := bigTool(int(n % bigTools))
		words := strings.Split(name, "_")
		return fmt.Sprintf(`{"query":"%-40s","limit":5}`, fmt.Sprintf("%s %ss in region%d", words[0], words[1], n%bigTools))
	}
	found := func(answer []byte, n uint64) error {
		if name, _ := bigTool(int(n % bigTools)); !bytes.Contains(answer, []byte(name)) {
			return fmt.Errorf("%q was not found", name)
		}
		return nil
	}
	for _, c := range []struct {
		name, path string
		call       mcpCall
		target     time.Duration
	}{
		{fmt.Sprintf("tools/list, %d tools", bigTools), "/mcp/" + bigServer, mcpCall{method: "tools/list", check: listed}, targetList},
		{fmt.Sprintf("tools/list, %d tools, 2025-11-25", bigTools), "/mcp/" + bigServer, mcpCall{legacy: true, method: "tools/list", check: listed}, targetList},
		{fmt.Sprintf("find_tool among %d tools", bigTools), "/mcp/" + bigServer + "?tools=search", mcpCall{tool: "find_tool", arguments: ask, check: found}, targetList},
	} {
		err := b.row(row{Name: c.name, Unit: nanoseconds, Target: float64(c.target)}, func(r *row) error {
			at, err := b.at(ctx, c.path, "1")
			if err != nil {
				return err
			}
			ways := []way{{"gateway", at, []*server{b.relay}}}
			if c.call.method != "" {
				host, err := hostOf(b.native.url)
				if err != nil {
					return err
				}
				ways = append(ways, way{"net/http", place{host, "/bytes", at.token}, []*server{b.native}})
			}
			all, err := takeTurns(ctx, ways, &c.call, 1, n, func(c *crowd) (load, error) { return c.closed(1<<30, most) })
			if err != nil {
				return err
			}
			r.Value, r.P99, r.CPU = mid(all[0], p50Of), mid(all[0], p99Of), mid(all[0], cpuOf)
			r.Note = "p50, by the clock"
			if len(all) > 1 {
				r.Note += fmt.Sprintf(", of %d KiB", size>>10)
				r.Peers = []peer{{Name: "net/http that sends as much", Value: mid(all[1], p50Of)}}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Sessions that are idle, streams, and how many of each a principal has.
const (
	idleSessions = 10_000
	idleStreams  = 1_000
	ofPrincipal  = 100
)

// sessions measures what sessions and streams that nobody uses take.
func (b *gatewayBench) sessions(ctx context.Context) error {
	n, streams := pick(b.session, idleSessions/10, idleSessions), pick(b.session, idleStreams/10, idleStreams)
	name := fmt.Sprintf("memory of the gateway with %d idle sessions of 2025-11-25, of which %d have a stream", n, streams)
	return b.row(row{Name: name, Unit: kibibytes, Target: targetSessions}, func(r *row) error {
		// One that nothing else has used.
		own := &gatewayBench{session: b.session}
		defer own.stop()
		if err := own.start(ctx); err != nil {
			return err
		}
		before, err := own.resident(ctx)
		if err != nil {
			return err
		}
		begun, err := own.begin(ctx, n)
		if err != nil {
			return err
		}
		between, err := own.resident(ctx)
		if err != nil {
			return err
		}
		open, err := own.listen(ctx, begun[:streams])
		defer func() {
			for _, c := range open {
				_ = c.Close()
			}
		}()
		if err != nil {
			return err
		}
		if r.Value, err = residentOf(own.relay.cmd.Process.Pid); err != nil {
			return err
		}
		after, err := own.resident(ctx)
		if err != nil {
			return err
		}
		r.Note = fmt.Sprintf("of a process, as it is; without garbage: %s before, %s with the sessions, %s with the streams", kibibytes.format(before.Rss), kibibytes.format(between.Rss), kibibytes.format(after.Rss))
		return nil
	})
}

// resident returns what the gateway has in memory when its garbage is gone.
func (b *gatewayBench) resident(ctx context.Context) (m memory, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.relay.url+"/resident", nil)
	if err != nil {
		return m, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return m, err
	}
	defer func() { _ = resp.Body.Close() }()
	return m, json.NewDecoder(resp.Body).Decode(&m)
}

// residentOf returns what a process has in memory, in kibibytes.
func residentOf(pid int) (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	words := strings.Fields(string(b))
	if len(words) < 2 {
		return 0, fmt.Errorf("statm of %d is %q", pid, b)
	}
	pages, err := strconv.ParseFloat(words[1], 64)
	return pages * float64(os.Getpagesize()) / 1024, err
}

// idle is a session that nobody uses.
type idle struct {
	at place
	id string
}

// begin begins sessions that the gateway has to remember something of.
func (b *gatewayBench) begin(ctx context.Context, n int) ([]idle, error) {
	all := make([]idle, n)
	for i := range all {
		at, err := b.at(ctx, "/mcp/plain", strconv.Itoa(i/ofPrincipal))
		if err != nil {
			return nil, err
		}
		all[i].at = at
	}
	const clients = 8
	errs := make([]error, clients)
	var wg sync.WaitGroup
	for k := range clients {
		wg.Go(func() {
			conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", all[0].at.host)
			if err != nil {
				errs[k] = err
				return
			}
			defer func() { _ = conn.Close() }()
			c := &mcpClient{conn: conn, in: bufio.NewReader(conn)}
			for i := k; i < n && errs[k] == nil; i += clients {
				all[i].id, errs[k] = c.begin(all[i].at)
				if errs[k] == nil && all[i].id == "" {
					errs[k] = errors.New("the session has no id")
				}
				const level = `{"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":{"level":"warning"}}`
				if errs[k] == nil {
					_, errs[k] = c.send(append(head(all[i].at, legacyHead+all[i].id, len(level)), level...))
				}
				if errs[k] == nil && !bytes.Contains(c.answer, []byte(`"result":{}`)) {
					errs[k] = fmt.Errorf("the level is not set: %.300s", c.answer)
				}
			}
		})
	}
	wg.Wait()
	return all, errors.Join(errs...)
}

// listen opens streams of sessions.
func (b *gatewayBench) listen(ctx context.Context, all []idle) (open []net.Conn, err error) {
	for _, s := range all {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.at.host)
		if err != nil {
			return open, err
		}
		open = append(open, conn)
		if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\nAuthorization: Bearer %s\r\n%s%s\r\n", s.at.path, s.at.host, s.at.token, legacyHead, s.id); err != nil {
			return open, err
		}
		resp, err := http.ReadResponse(bufio.NewReaderSize(conn, 1024), nil) //nolint:bodyclose // the stream is to stay open
		if err != nil {
			return open, err
		}
		if resp.StatusCode != http.StatusOK {
			return open, fmt.Errorf("a stream: %s", resp.Status)
		}
	}
	return open, nil
}

// dead measures servers beside one whose host does not answer.
func (b *gatewayBench) dead(ctx context.Context) error {
	name := fmt.Sprintf("p99 of %d servers beside a dead one, against without calls of it", many-1)
	return b.row(row{Name: name, Unit: factor, Target: targetDead}, func(r *row) error {
		at, err := b.at(ctx, "/mcp", "1")
		if err != nil {
			return err
		}
		most, n := pick(b.session, 300*time.Millisecond, time.Second), pick(b.session, 1, 5)
		var all []*mcpCall
		for i := range many {
			if server := fmt.Sprintf("s%02d", i); server != deadServer {
				all = append(all, &mcpCall{tool: server + "_" + echoTool, size: small64})
			}
		}
		alive, err := newMixed(ctx, at, all)
		if err != nil {
			return err
		}
		defer alive.close()
		var quiet, beside []sample
		failed := 0
		for range n {
			l, err := alive.closed(1<<30, most)
			if err != nil {
				return err
			}
			quiet = append(quiet, sample{load: l})
			err = b.calling(ctx, at, &failed, func() error {
				l, err := alive.closed(1<<30, most)
				beside = append(beside, sample{load: l})
				return err
			})
			if err != nil {
				return err
			}
		}
		r.Value = mid(beside, p99Of) / mid(quiet, p99Of)
		r.Note = fmt.Sprintf("at /mcp; without: p50 %s, p99 %s; with: p50 %s, p99 %s; %d calls of the dead one timed out", nanoseconds.format(mid(quiet, p50Of)),
			nanoseconds.format(mid(quiet, p99Of)), nanoseconds.format(mid(beside, p50Of)), nanoseconds.format(mid(beside, p99Of)), failed)
		return nil
	})
}

// newMixed connects a client for each call.
func newMixed(ctx context.Context, at place, calls []*mcpCall) (*crowd, error) {
	c := &crowd{free: make(chan *mcpClient, len(calls))}
	for _, call := range calls {
		m, err := newMCPClient(ctx, at, call)
		if err != nil {
			c.close()
			return nil, err
		}
		c.all = append(c.all, m)
		c.free <- m
	}
	_, err := c.closed(2*len(calls), time.Minute)
	return c, err
}

// deadClients is how many clients call the server that is dead.
const deadClients = 32

// calling does something while clients call the dead server, and counts the calls. All have
// to time out.
func (b *gatewayBench) calling(ctx context.Context, at place, failed *int, do func() error) error {
	call := &mcpCall{tool: deadServer + "_" + echoTool, size: small64, check: func(answer []byte, _ uint64) error {
		if !bytes.Contains(answer, []byte(`"code":504`)) {
			return errors.New("a call of the dead server does not time out")
		}
		return nil
	}}
	var mu sync.Mutex
	var errs []error
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for range deadClients {
		m, err := newMCPClient(ctx, at, call)
		if err != nil {
			close(stop)
			wg.Wait()
			return err
		}
		wg.Go(func() {
			defer m.close()
			for {
				err := m.do()
				mu.Lock()
				if err != nil {
					errs = append(errs, err)
				} else {
					*failed++
				}
				mu.Unlock()
				select {
				case <-stop:
					return
				default:
				}
				if err != nil {
					return
				}
			}
		})
	}
	err := do()
	close(stop)
	wg.Wait()
	return errors.Join(append(errs, err)...)
}

// gatewayApp is the application with the component.
const gatewayApp = "internal/bench/testdata/gateway.yaml"

// latticeServer is a component behind the gateway of wattle up, and of a gateway that is
// elsewhere.
type latticeServer struct {
	up, away *server
	ways     []way
	// first is how long it took from the start of wattle up to the first answer, when the
	// component had been deployed before; second is the call after it.
	first, second time.Duration
}

func (l *latticeServer) stop() {
	for _, srv := range []*server{l.away, l.up} {
		if srv != nil {
			srv.stop()
		}
	}
}

// newLatticeServer starts all of it.
func (s *session) newLatticeServer(ctx context.Context) (_ *latticeServer, err error) {
	dir := filepath.Join(s.dir, "gateway")
	l := &latticeServer{}
	defer func() {
		if err != nil {
			l.stop()
		}
	}()
	cache := filepath.Join(s.keep, "up")
	up := []string{"up", "--data-dir", dir, "--addr", "127.0.0.1:0", "--nats-addr", "127.0.0.1:0", "--cache-dir", cache, "--name", "bench", "-o", "json"}
	if l.up, err = announced(ctx, append(up, "--app", gatewayApp)...); err != nil {
		return nil, err
	}
	if _, err := firstAnswer(ctx, l.up, dir); err != nil {
		return nil, err
	}
	// Stopped and started again, everything is there.
	l.up.stop()
	begin := time.Now()
	if l.up, err = announced(ctx, up...); err != nil {
		return nil, err
	}
	at, err := firstAnswer(ctx, l.up, dir)
	if err != nil {
		return nil, err
	}
	l.first = time.Since(begin)
	begin = time.Now()
	if _, err := firstAnswer(ctx, l.up, dir); err != nil {
		return nil, err
	}
	l.second = time.Since(begin)
	l.ways = []way{{"in process", at, []*server{l.up}}}
	return l, l.goAway(ctx, dir)
}

// goAway starts a gateway that has no host: what it is asked goes over NATS.
func (l *latticeServer) goAway(ctx context.Context, dir string) (err error) {
	creds := filepath.Join(dir, "gateway.creds")
	made := program(ctx, "lattice", "creds", "gateway", "--dir", filepath.Join(dir, "keys"), "-o", creds)
	if out, err := made.CombinedOutput(); err != nil {
		return fmt.Errorf("credentials: %w: %.300s", err, out)
	}
	own := filepath.Join(dir, "away")
	l.away, err = announced(ctx, "gateway", "run", "--join", l.up.nats, "--creds", creds, "--data-dir", own, "--addr", "127.0.0.1:0", "-o", "json")
	if err != nil {
		return err
	}
	at, err := firstAnswer(ctx, l.away, own)
	l.ways = append(l.ways, way{"over NATS", at, []*server{l.away, l.up}})
	return err
}

// firstAnswer waits until a tool of the component answers, and returns where.
func firstAnswer(ctx context.Context, srv *server, dir string) (place, error) {
	token, err := os.ReadFile(filepath.Join(dir, "mcp-token"))
	if err != nil {
		return place{}, err
	}
	host, err := hostOf(srv.url)
	if err != nil {
		return place{}, err
	}
	at := place{host, "/mcp/bench", strings.TrimSpace(string(token))}
	for begin := time.Now(); ; {
		c, err := newMCPClient(ctx, at, &mcpCall{tool: echoTool, size: small64})
		if err == nil {
			err = c.do()
			c.close()
		}
		if err == nil {
			return at, nil
		}
		if time.Since(begin) > time.Minute {
			return place{}, fmt.Errorf("the component does not answer: %w\n%.500s", err, srv.stderr.String())
		}
		select {
		case <-ctx.Done():
			return place{}, context.Cause(ctx)
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// mcpComponents measures a component behind the gateway of its host, and behind one
// elsewhere.
func (s *session) mcpComponents(ctx context.Context) error {
	var l *latticeServer
	defer func() {
		if l != nil {
			l.stop()
		}
	}()
	start := func() (err error) {
		if l == nil {
			l, err = s.newLatticeServer(ctx)
		}
		return err
	}
	err := s.row(row{Name: "component, from the start of wattle up to its first answer", Unit: nanoseconds}, func(r *row) error {
		if err := start(); err != nil {
			return err
		}
		r.Value = float64(l.first)
		r.Note = fmt.Sprintf("it was deployed before, its code is in the cache; the next call on a connection of its own took %s", nanoseconds.format(float64(l.second)))
		return nil
	})
	if err != nil {
		return err
	}
	most, n := pick(s, 300*time.Millisecond, time.Second), pick(s, 1, 2)
	for _, r := range s.componentCalls() {
		for _, clients := range r.clients {
			var all [][]sample
			name := fmt.Sprintf("component, %s, %s", r.describe(""), plural(clients, "client"))
			for i, where := range []string{"in process", "over NATS"} {
				err := s.row(row{Name: name + ", " + where, Unit: perSecond}, func(row *row) (err error) {
					if err := start(); err != nil {
						return err
					}
					if all == nil {
						all, err = takeTurns(ctx, l.ways, &r.mcpCall, clients, n, func(c *crowd) (load, error) { return c.closed(1<<30, most) })
						if err != nil {
							return err
						}
					}
					row.Value, row.P50, row.P99, row.CPU = mid(all[i], rpsOf), mid(all[i], p50Of), mid(all[i], p99Of), mid(all[i], cpuOf)
					if i > 0 {
						row.Peers = []peer{{Name: "in process", Value: mid(all[0], rpsOf)}}
						row.Note = fmt.Sprintf("adds %s to p50", signed(added(all[1], all[0], p50Of)))
					}
					return nil
				})
				if err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// componentSteps is how many events of progress the component sends.
const componentSteps = 3

// componentCalls are those of the component.
func (s *session) componentCalls() []relayed {
	var all []relayed
	for _, legacy := range []bool{false, true} {
		for _, size := range []int{small64, medium16, large1M} {
			call := relayed{mcpCall: mcpCall{legacy: legacy, tool: echoTool, size: size}, clients: []int{1, 8, 32, 128}}
			if size == large1M {
				call.clients = []int{1, 8} // more would wait for longer than a call may take
			}
			if !s.all {
				if call.clients = []int{1}; size == small64 && !legacy {
					call.clients = []int{1, 8, 32}
				}
				if legacy && size != small64 {
					continue
				}
			}
			all = append(all, call)
		}
		// Its tool tells the token instead of a text.
		stream := mcpCall{legacy: legacy, tool: "test_tool_with_progress", size: textDigits, events: componentSteps}
		if s.all || !legacy {
			all = append(all, relayed{mcpCall: stream, clients: []int{1}})
		}
	}
	return all
}
