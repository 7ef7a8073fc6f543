package wadm_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/wadm"
)

var update = flag.Bool("update", false, "write what is answered into the scripts")

// TestScript sends requests one after the other, and compares the answers. A file of
// testdata/api.txtar is a request: its name is the operation, and a field of the header
// if need be; what follows is the answer. What begins with "wadm." is not a request: it is
// what is published next.
func TestScript(t *testing.T) {
	const file = "testdata/api.txtar"
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	overAll(t, func(t *testing.T, l *lab) {
		l.start(t)
		for i := 0; i+1 < len(archive.Files); i += 2 {
			in, out := archive.Files[i], &archive.Files[i+1]
			var got string
			op, contentType, _ := strings.Cut(in.Name, " ")
			if strings.HasPrefix(op, "wadm.") {
				got = l.next(t, op)
			} else {
				var header lattice.Header
				if contentType != "" {
					header = lattice.Header{"Content-Type": {contentType}}
				}
				got = l.ask(t, op, header, strings.TrimSpace(string(in.Data)))
			}
			got = indented(got)
			if *update {
				out.Data = []byte(got)
				continue
			}
			if diff := cmp.Diff(string(out.Data), got); diff != "" {
				t.Errorf("%s (file %d) (-want +got):\n%s", in.Name, i, diff)
			}
		}
	})
	if *update {
		if err := os.WriteFile(file, txtar.Format(archive), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// reason is the message of a status, which the scheduler words.
var reason = regexp.MustCompile(`("type":"[a-z]+","message":|"status_message":)"(?:[^"\\]|\\.)+"`)

// indented makes JSON readable, after a subject or not.
func indented(s string) string {
	subject, text := "", s
	if !strings.HasPrefix(s, "{") && !strings.HasPrefix(s, "[") {
		subject, text, _ = strings.Cut(s, " ")
		subject += "\n"
	}
	text = reason.ReplaceAllString(text, `$1"…"`)
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(text), "", " "); err != nil {
		return s + "\n"
	}
	return subject + b.String() + "\n"
}

func TestProbe(t *testing.T) {
	overAll(t, func(t *testing.T, l *lab) {
		for _, step := range []string{"nobody", "edge", "wadm"} {
			switch step {
			case "edge":
				l.start(t)
			case "wadm":
				_, err := l.edge.Subscribe("wadm.api.default.>", "wadm_server", func(m *lattice.Message) {
					if err := l.edge.Publish(&lattice.Message{Subject: m.Reply, Data: []byte("[]")}); err != nil {
						t.Error(err)
					}
				})
				if err != nil {
					t.Fatal(err)
				}
				if err := l.edge.Flush(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			there, err := wadm.Probe(t.Context(), l.other, name)
			if err != nil || there != (step == "wadm") {
				t.Errorf("%s: Probe = %v, %v", step, there, err)
			}
		}
	})
}
