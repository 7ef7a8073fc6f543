package subject_test

import (
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/lattice/capability/subject"
)

func TestCheck(t *testing.T) {
	for s, ok := range map[string]bool{
		"a": true, "orders.created": true, "a.b-c_d.1": true, "münchen.x": true, "a.$b._c": true, "wattles": true, "wasmcloud.echo": true,
		strings.Repeat("a", subject.MaxLen): true, strings.Repeat("a", subject.MaxLen+1): false,
		strings.Repeat("a.", subject.MaxParts-1) + "a": true, strings.Repeat("a.", subject.MaxParts) + "a": false,
		"": false, ".": false, "a.": false, ".a": false, "a..b": false,
		"a b": false, "a\n": false, "a\x00": false, "a\u00a0": false, "\xff": false, "a\r\nPUB x 1": false,
		"*": false, ">": false, "a.*": false, "a.>": false, "a*": false,
		"$JS.API.STREAM.DELETE.x": false, "$SYS.REQ": false, "_INBOX.a.b": false, "_reply.x": false, "wattle": false, "wattle.other.msg.x": false,
	} {
		if err := subject.Check(s); (err == nil) != ok {
			t.Errorf("Check(%.40q) = %v, want ok %v", s, err, ok)
		}
	}
}

func TestPattern(t *testing.T) {
	for _, s := range []string{"", ">", "*", "*.a", "a.>.b", "a.b*", "a.>>", "$JS.>", "_INBOX.>", "wattle.>", "a..>", "a. "} {
		if p, err := subject.ParsePattern(s); err == nil {
			t.Errorf("ParsePattern(%q) = %q, want an error", s, p)
		}
	}
	for _, test := range []struct {
		pattern, subject string
		want             bool
	}{
		{"a", "a", true},
		{"a", "b", false},
		{"a", "a.b", false},
		{"a.b", "a", false},
		{"a", "aa", false},
		{"a.*", "a.b", true},
		{"a.*", "a", false},
		{"a.*", "a.b.c", false},
		{"a.*.c", "a.b.c", true},
		{"a.*.c", "a.b.d", false},
		{"a.>", "a.b", true},
		{"a.>", "a.b.c.d", true},
		{"a.>", "a", false},
		{"a.>", "b.a", false},
		{"a.*.>", "a.b", false},
		{"a.*.>", "a.b.c", true},
	} {
		p, err := subject.ParsePattern(test.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Matches(test.subject); got != test.want {
			t.Errorf("%q matches %q = %v", test.pattern, test.subject, got)
		}
	}
}

func TestInbox(t *testing.T) {
	for s, want := range map[string]bool{
		"_INBOX.abc": true, "_INBOX.UABC.x.y": true, "_INBOX.": false, "_INBOX": false, "_INBOX.>": false, "_INBOX.a.*": false,
		"_INBOX.a b": false, "$JS.API.INFO": false, "wattle.default.host.N.invoke": false, "": false, "_INBOX.a..b": false,
	} {
		if got := subject.IsInbox(s); got != want {
			t.Errorf("IsInbox(%q) = %v", s, got)
		}
	}
}

func TestQueue(t *testing.T) {
	for s, ok := range map[string]bool{"workers": true, "a.b/c=1": true, "": false, "a b": false, ">": false, ".a": false, "a\n": false} {
		if err := subject.CheckQueue(s); (err == nil) != ok {
			t.Errorf("CheckQueue(%q) = %v", s, err)
		}
	}
}

// A pattern without wildcards matches itself alone, and what a pattern matches has its
// parts.
func FuzzPattern(f *testing.F) {
	f.Add("a.*.>", "a.b.c")
	f.Add("a.b", "a.b")
	f.Add("$JS.API", "_INBOX.x")
	f.Fuzz(func(t *testing.T, pattern, s string) {
		p, err := subject.ParsePattern(pattern)
		if err != nil || subject.Check(s) != nil {
			return
		}
		parts, have := strings.Split(pattern, "."), strings.Split(s, ".")
		want := len(parts) == len(have) || parts[len(parts)-1] == ">" && len(have) >= len(parts)
		for i := range parts {
			if want && parts[i] != "*" && parts[i] != ">" {
				want = parts[i] == have[i]
			}
		}
		if got := p.Matches(s); got != want {
			t.Errorf("%q matches %q = %v", pattern, s, got)
		}
		if strings.HasPrefix(s, "$") || strings.HasPrefix(s, "_") || strings.HasPrefix(s, "wattle.") || strings.ContainsAny(s, " \r\n\t*>") {
			t.Errorf("%q is a subject", s)
		}
	})
}
