package httprule_test

import (
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice/capability/httprule"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		text, str string // str is text if empty
		want      httprule.Rule
	}{
		{"*", "", httprule.Rule{}},
		{"GET *", "", httprule.Rule{Methods: []string{"GET"}}},
		{"https://api.example.com", "", httprule.Rule{Scheme: "https", Host: "api.example.com", Port: 443}},
		{"https://api.example.com/", "https://api.example.com", httprule.Rule{Scheme: "https", Host: "api.example.com", Port: 443}},
		{"https://API.Example.com./v1/", "https://api.example.com/v1/", httprule.Rule{Scheme: "https", Host: "api.example.com", Port: 443, Path: "/v1/"}},
		{"GET,POST https://*.example.com", "", httprule.Rule{Methods: []string{"GET", "POST"}, Scheme: "https", Host: "*.example.com", Port: 443}},
		{"http://127.0.0.1:8080", "", httprule.Rule{Scheme: "http", Host: "127.0.0.1", Port: 8080}},
		{"http://127.0.0.1:*", "", httprule.Rule{Scheme: "http", Host: "127.0.0.1"}},
		{"http://[::1]:8080", "", httprule.Rule{Scheme: "http", Host: "::1", Port: 8080}},
		{"http://[::1]", "", httprule.Rule{Scheme: "http", Host: "::1", Port: 80}},
		{"http://[::ffff:10.0.0.1]", "http://10.0.0.1", httprule.Rule{Scheme: "http", Host: "10.0.0.1", Port: 80}},
		{"https://*", "", httprule.Rule{Scheme: "https", Port: 443}},
		{"https://*:*/x", "", httprule.Rule{Scheme: "https", Path: "/x"}},
	} {
		got, err := httprule.Parse(tt.text)
		if err != nil {
			t.Errorf("ParseRule(%q): %v", tt.text, err)
			continue
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("ParseRule(%q) (-want +got):\n%s", tt.text, d)
		}
		want := tt.str
		if want == "" {
			want = tt.text
		}
		if got.String() != want {
			t.Errorf("ParseRule(%q).String() = %q, want %q", tt.text, got, want)
		}
		if again, err := httprule.Parse(got.String()); err != nil || !cmp.Equal(again, got) {
			t.Errorf("ParseRule(%q) = %v, %v, want the rule it came from", got, again, err)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                                   "empty: write a URL",
		"api.example.com":                    `write "https://api.example.com"`,
		"ftp://example.com":                  `scheme "ftp": only "http" and "https"`,
		"HTTPS://example.com":                `scheme "HTTPS"`,
		"get https://example.com":            `methods are upper case: write "GET"`,
		"GET, https://example.com":           `"" is not a method`,
		"GET POST https://example.com":       "too many words",
		"https://":                           "host is missing",
		"https://:80":                        "host is missing",
		"https://example.com:":               "port is missing",
		"https://example.com:0":              `port "0" is not a number from 1 to 65535`,
		"https://example.com:65536":          `port "65536"`,
		"https://u:p@example.com":            "credentials have no place",
		"https://example.com/a?b":            "remove the query",
		"https://example.com?b":              "remove the query",
		"https://example.com/a/*":            "a path is a prefix already",
		"https://example.com/a/../b":         "dot segment",
		"https://example.com/a%2fb":          "encoded slash",
		"https://example.com/%zz":            "not a valid URL path",
		"https://api.*.example.com":          `contains '*'`,
		"https://*.127.0.0.1":                "nothing below an address",
		"https://exämple.com":                `write its "xn--" form`,
		"https://a..b":                       "empty label",
		"https://[::1":                       "not an IPv6 address in brackets",
		"https://::1":                        "not an IPv6 address in brackets",
		"https://[fe80::1%eth0]":             "not an IPv6 address in brackets",
		"https://[127.0.0.1]":                "not an IPv6 address in brackets",
		"https://" + strings.Repeat("a", 64): "longer than 63 bytes",
		strings.Repeat("a", 3000):            "longer than 2048 bytes",
	} {
		r, err := httprule.Parse(text)
		if err == nil {
			t.Errorf("ParseRule(%q) = %v, want an error with %q", text, r, want)
			continue
		}
		if !strings.Contains(err.Error(), want) || len(err.Error()) > 400 {
			t.Errorf("ParseRule(%q): %v, want %q in it", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"*", "GET,POST https://*.example.com:1/v1/", "http://[::1]:*/a%20b", "https://a..b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := httprule.Parse(s)
		if err != nil {
			return
		}
		again, err := httprule.Parse(r.String())
		if err != nil || !cmp.Equal(again, r) {
			t.Errorf("ParseRule(%q) = %+v, which prints as %q and parses as %+v, %v", s, r, r, again, err)
		}
	})
}

func TestMatches(t *testing.T) {
	for _, tt := range []struct {
		rule, method, url string
		want              bool
	}{
		{"*", "GET", "https://example.com/a?b", true},
		{"*", "PURGE", "http://example.com:81", true},
		{"GET *", "POST", "https://example.com", false},
		{"GET *", "HEAD", "https://example.com", false},
		{"https://example.com", "GET", "http://example.com", false},
		{"https://example.com", "GET", "https://EXAMPLE.com.:443", true},
		{"https://example.com", "GET", "https://example.com:444", false},
		{"https://example.com", "GET", "https://www.example.com", false},
		{"https://*.example.com", "GET", "https://www.example.com", true},
		{"https://*.example.com", "GET", "https://a.b.example.com", true},
		{"https://*.example.com", "GET", "https://example.com", false},
		{"https://*.example.com", "GET", "https://badexample.com", false},
		{"https://*.example.com", "GET", "https://www.example.com.evil.test", false},
		{"http://127.0.0.1:8080", "GET", "http://[::ffff:127.0.0.1]:8080/", true},
		{"http://127.0.0.1:*", "GET", "http://127.0.0.1:1", true},
		{"https://e.test/v1", "GET", "https://e.test/v1", true},
		{"https://e.test/v1", "GET", "https://e.test/v1/x", true},
		{"https://e.test/v1", "GET", "https://e.test/v1?x", true},
		{"https://e.test/v1", "GET", "https://e.test/v12", false},
		{"https://e.test/v1/", "GET", "https://e.test/v1", false},
		{"https://e.test/v1/", "GET", "https://e.test/v1/x", true},
		{"https://e.test/v1/", "GET", "https://e.test/", false},
		{"https://e.test/v1/", "GET", "https://e.test/v1/100%25", true},
		{"https://e.test/v1/", "GET", "https://e.test/v1/a..b", true},
		{"https://e.test/v1/", "GET", "https://e.test/v1/../admin", false},
		{"https://e.test/v1/", "GET", "https://e.test/v1/..", false},
		{"https://e.test/v1/", "GET", "https://e.test/v1/%2e%2E/admin", false},
		{"https://e.test/v1/", "GET", "https://e.test/v1/%252e%252e/admin", false},
		{"https://e.test/v1/", "GET", "https://e.test/v1/%25252e%25252e/admin", false},
		{"https://e.test/v1/", "GET", "https://e.test/v1/x%2f..%2f../admin", false},
		{"https://e.test/v1/", "GET", "https://e.test/v1/..;/admin", false},
		{"https://e.test/v1/", "GET", "https://e.test/v1/%5c../admin", false},
		{"https://e.test", "GET", "https://e.test/v1/../admin", true},
	} {
		r, err := httprule.Parse(tt.rule)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(tt.url)
		if err != nil {
			t.Fatal(err)
		}
		to, err := httprule.NewTarget(tt.method, u)
		if err != nil {
			t.Errorf("NewTarget(%s, %q): %v", tt.method, tt.url, err)
			continue
		}
		if got := r.Matches(&to); got != tt.want {
			t.Errorf("rule %q: Matches(%s %q) = %v, want %v", tt.rule, tt.method, tt.url, got, tt.want)
		}
	}
}

// FuzzMatches has a rule with a host and a path never match what a server could take for
// another place.
func FuzzMatches(f *testing.F) {
	f.Add("https://api.example.com/v1/x")
	f.Add("https://api.example.com/v1/%2e%2e/admin")
	f.Add("https://user@api.example.com/v1/")
	f.Add("https://api.example.com\\@evil.test/v1/")
	f.Add("https://api.example.com./v1/x?a#b")
	rule, err := httprule.Parse("GET https://api.example.com/v1/")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, err := url.Parse(text)
		if err != nil {
			return
		}
		to, err := httprule.NewTarget("GET", u)
		if err != nil || !rule.Matches(&to) {
			return
		}
		if host := strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")); host != "api.example.com" {
			t.Errorf("%q matches %s: its host is %q", text, rule, host)
		}
		if u.User != nil || u.Scheme != "https" || u.Port() != "" && u.Port() != "443" {
			t.Errorf("%q matches %s", text, rule)
		}
		if clean := path.Clean(u.Path); clean != "/v1" && !strings.HasPrefix(clean, "/v1/") {
			t.Errorf("%q matches %s: its path comes to %q", text, rule, clean)
		}
	})
}
