package trust_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/wattle-dev/wattle/lattice/trust"
)

// raw speaks the NATS protocol with nothing between, as a hostile client would.
type raw struct {
	t    *testing.T
	conn net.Conn
	r    *bufio.Reader
	sid  int
	// got are messages that have arrived and were not asked for yet.
	got []message
}

// message is a message as the server sent it.
type message struct {
	subject, reply, header, data string
}

func dialRaw(t *testing.T, s *server.Server, c *trust.Creds) *raw {
	t.Helper()
	r, err := tryRaw(t, s, c.JWT, c.Key.SignNonce)
	if err != nil {
		t.Fatalf("connect as %s: %v", c, err)
	}
	return r
}

// tryRaw connects with a JWT and what signs the server's nonce.
func tryRaw(t *testing.T, s *server.Server, jwt string, sign func([]byte) ([]byte, error)) (*raw, error) {
	t.Helper()
	r := newRaw(t, s)
	r.hello(jwt, sign)
	if refused := r.sync(); len(refused) > 0 {
		return nil, fmt.Errorf("%s", strings.Join(refused, "; "))
	}
	return r, nil
}

func newRaw(t *testing.T, s *server.Server) *raw {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return &raw{t: t, conn: conn, r: bufio.NewReader(conn)}
}

// hello says who connects.
func (r *raw) hello(jwt string, sign func([]byte) ([]byte, error)) {
	t := r.t
	t.Helper()
	var info struct {
		Nonce string `json:"nonce"`
	}
	if err := json.Unmarshal([]byte(strings.TrimPrefix(r.line(), "INFO ")), &info); err != nil {
		t.Fatal(err)
	}
	sig, err := sign([]byte(info.Nonce))
	if err != nil {
		t.Fatal(err)
	}
	connect, err := json.Marshal(map[string]any{
		"jwt": jwt, "sig": base64.RawURLEncoding.EncodeToString(sig), "headers": true, "no_responders": true,
		"protocol": 1, "verbose": false, "pedantic": false, "lang": "raw", "version": "1",
	})
	if err != nil {
		t.Fatal(err)
	}
	r.send("CONNECT %s\r\n", connect)
}

func (r *raw) send(format string, args ...any) {
	r.t.Helper()
	if _, err := fmt.Fprintf(r.conn, format, args...); err != nil {
		r.t.Fatal(err)
	}
}

func (r *raw) line() string {
	r.t.Helper()
	s, err := r.r.ReadString('\n')
	if err != nil {
		r.t.Fatalf("the server ended the connection: %v", err)
	}
	return strings.TrimSuffix(s, "\r\n")
}

// sync waits until the server has seen everything, and returns what it refused.
func (r *raw) sync() []string {
	r.t.Helper()
	r.send("PING\r\n")
	var refused []string
	for {
		switch line := r.line(); {
		case line == "PONG":
			return refused
		case strings.HasPrefix(line, "-ERR"):
			refused = append(refused, strings.Trim(strings.TrimPrefix(line, "-ERR "), "'"))
			if strings.Contains(line, "Authorization Violation") || strings.Contains(line, "Authentication") {
				return refused
			}
		default:
			r.other(line)
		}
	}
}

// other takes what is neither an answer nor a refusal.
func (r *raw) other(line string) {
	r.t.Helper()
	f := strings.Fields(line)
	if len(f) == 0 || f[0] != "MSG" && f[0] != "HMSG" {
		if line == "PING" {
			r.send("PONG\r\n")
		}
		return
	}
	sizes := 1
	if f[0] == "HMSG" {
		sizes = 2
	}
	m := message{subject: f[1]}
	if len(f) == 4+sizes {
		m.reply = f[3]
	}
	total := r.number(f[len(f)-1])
	head := 0
	if sizes == 2 {
		head = r.number(f[len(f)-2])
	}
	body := make([]byte, total+2)
	if _, err := io.ReadFull(r.r, body); err != nil {
		r.t.Fatal(err)
	}
	m.header, m.data = string(body[:head]), string(body[head:total])
	r.got = append(r.got, m)
}

func (r *raw) number(s string) int {
	r.t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		r.t.Fatal(err)
	}
	return n
}

// next waits for a message.
func (r *raw) next() message {
	r.t.Helper()
	for len(r.got) == 0 {
		switch line := r.line(); {
		case strings.HasPrefix(line, "-ERR"):
			r.t.Fatalf("refused: %s", line)
		default:
			r.other(line)
		}
	}
	m := r.got[0]
	r.got = r.got[1:]
	return m
}

// sub subscribes and returns the number of the subscription.
func (r *raw) sub(subject, queue string) int {
	r.t.Helper()
	r.sid++
	r.send("SUB %s %s %d\r\n", subject, queue, r.sid)
	return r.sid
}

// pub publishes.
func (r *raw) pub(subject, reply, header, data string) {
	r.t.Helper()
	if header == "" {
		r.send("PUB %s %s %d\r\n%s\r\n", subject, reply, len(data), data)
		return
	}
	header = "NATS/1.0\r\n" + header + "\r\n\r\n"
	r.send("HPUB %s %s %d %d\r\n%s%s\r\n", subject, reply, len(header), len(header)+len(data), header, data)
}
