package mcp_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/mcp"
)

func TestEvents(t *testing.T) {
	for _, c := range []struct {
		name, stream string
		want         []string
	}{
		{"one", "data: a\n\n", []string{"a"}},
		{"without a blank", "data:a\n\n", []string{"a"}},
		{"with two", "data:  a\n\n", []string{" a"}},
		{"CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", []string{"a", "b"}},
		{"CR", "data: a\r\rdata: b\r\r", []string{"a", "b"}},
		{"lines", "data: a\ndata\ndata: b\n\n", []string{"a\n\nb"}},
		{"other fields", "id: 1\nretry: 5\n: x\nfoo\ndata: a\nevent: message\n\n", []string{"a"}},
		{"another type", "event: endpoint\ndata: a\n\ndata: b\n\n", []string{"b"}},
		{"a type of no name", "event\ndata: a\n\n", []string{"a"}},
		{"no data", "data\n\n: x\n\nevent: message\n\n", nil},
		{"not ended", "data: a\n\ndata: b\n", []string{"a"}},
		{"BOM", "\ufeffdata: a\n\n\ufeffdata: b\n\n", []string{"a"}},
	} {
		for _, part := range []int{1, 2, 3, 1000} {
			var parts [][]byte
			for rest := []byte(c.stream); len(rest) > 0; rest = rest[min(part, len(rest)):] {
				parts = append(parts, rest[:min(part, len(rest))])
			}
			got, err := mcp.Events(100, parts...)
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("%s in parts of %d (-want +got):\n%s", c.name, part, d)
			}
		}
	}
	for _, stream := range []string{strings.Repeat("x", 101), strings.Repeat("data: 0123456789\n", 11), "data:" + strings.Repeat(" ", 100)} {
		if _, err := mcp.Events(100, []byte(stream)); err == nil {
			t.Errorf("%.20q… is not too long", stream)
		}
	}
	if got, err := mcp.Events(100, bytes.Repeat([]byte(": 0123456789\n"), 1000)); err != nil || got != nil {
		t.Errorf("comments are %q, %v", got, err)
	}
}

// FuzzEvents has a stream come whole and in parts: it has the same events, none of which is
// too long.
func FuzzEvents(f *testing.F) {
	for _, seed := range []string{"data: a\n\n", "\ufeffdata:a\r\n\r\n", "event: x\rdata\r\r", "data: {\ndata: }\n\n"} {
		f.Add([]byte(seed), 3)
	}
	f.Fuzz(func(t *testing.T, stream []byte, at int) {
		const most = 64
		at = min(max(at, 0), len(stream))
		whole, err := mcp.Events(most, stream)
		parts, again := mcp.Events(most, stream[:at], stream[at:])
		if (err == nil) != (again == nil) || err == nil && !cmp.Equal(whole, parts) {
			t.Errorf("%q: %q, %v; in two parts %q, %v", stream, whole, err, parts, again)
		}
		for _, e := range whole {
			if len(e) > most {
				t.Errorf("an event has %d bytes", len(e))
			}
		}
	})
}

func TestMessage(t *testing.T) {
	for text, want := range map[string]string{
		`{"jsonrpc":"2.0","id":1,"method":"x"}`:                                 "request",
		`{"jsonrpc":"2.0","id":"1","method":"x","params":{}}`:                   "request",
		`{"jsonrpc":"2.0","method":"x"}`:                                        "notification",
		`{"jsonrpc":"2.0","id":null,"method":"x"}`:                              "notification",
		`{"jsonrpc":"2.0","id":1,"result":{}}`:                                  "response",
		`{"jsonrpc":"2.0","id":null,"error":{}}`:                                "response",
		`{"jsonrpc":"2.0","id":1,"result":[]}`:                                  "none",
		`{"jsonrpc":"2.0","id":1,"result":{},"error":{}}`:                       "none",
		`{"jsonrpc":"2.0","id":1,"result":{},"method":"x"}`:                     "none",
		`{"jsonrpc":"2.0","id":true,"method":"x"}`:                              "none",
		`{"jsonrpc":"2.0","id":1,"method":1}`:                                   "none",
		`{"jsonrpc":"2.0","id":1,"method":""}`:                                  "none",
		`{"jsonrpc":"2.0","id":1,"error":1}`:                                    "none",
		`{"JSONRPC":"2.0","id":1,"method":"x"}`:                                 "none",
		`{"jsonrpc":"2.0","id":1,"method":"x","jsonrpc":"2.0"}`:                 "none",
		`{"jsonrpc":"2.0","id":1,"method":"x","params":null}`:                   "request",
		`{"jsonrpc":"2.0","id":1,"method":"x"} {}`:                              "none",
		`{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":"` + "\xff" + `"}}`: "none",
	} {
		if got := mcp.Message([]byte(text)); got != want {
			t.Errorf("%s is taken for: %s, want %s", text, got, want)
		}
	}
}

// FuzzMessage reads what components may send. What is a message is JSON.
func FuzzMessage(f *testing.F) {
	f.Add([]byte(`{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":[1,"é"]}}`))
	f.Add([]byte(`{"jsonrpc":"2.0","id":"\u0000","result":{}}`))
	f.Add([]byte(`{"jsonrpc":"2.0","error":{"code":-32700,"message":"x"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if kind := mcp.Message(data); kind != "none" && !json.Valid(data) {
			t.Errorf("%q is a %s", data, kind)
		}
	})
}

func TestField(t *testing.T) {
	for value, want := range map[string]string{
		"echo": "echo", "": "", "=?base64?IGE=?=": " a", "=?base64?w6k=?=": "é", "=?base64??=": "",
		"=?BASE64?IGE=?=": "=?BASE64?IGE=?=", "=?base64?IGE=": "=?base64?IGE=", "=?base64?!?=": "=?base64?!?=", "YWFh?=": "YWFh?=",
	} {
		if got := mcp.Field(value); got != want {
			t.Errorf("%q says %q, want %q", value, got, want)
		}
	}
}
