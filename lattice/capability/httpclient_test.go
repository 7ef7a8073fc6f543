package capability

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice/capability/httprule"
)

func TestHTTPClient(t *testing.T) {
	got, err := ParseHTTPClient(&Config{Secrets: []string{"token"}, Values: map[string]string{
		"allow":   "GET https://api.example.com/v1/\n\n# a remark\nhttps://*.example.org",
		"timeout": "3s", "max-response-body": "2MiB",
		"header.X-Team": "blue",
		"header.Authorization@https://api.example.com": "Bearer ${secret:token}",
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := []httprule.Rule{
		{Methods: []string{"GET"}, Scheme: "https", Host: "api.example.com", Port: 443, Path: "/v1/"},
		{Scheme: "https", Host: "*.example.org", Port: 443},
	}
	if d := cmp.Diff(want, got.Rules); d != "" {
		t.Errorf("rules: %s", d)
	}
	if got.TimeoutMillis != 3000 || got.MaxResponseBody != 2<<20 || got.MaxRequests != 256 {
		t.Errorf("got %+v", got)
	}
	if len(got.Headers) != 2 || got.Headers[0].Name != "authorization" || got.Headers[0].Rule.Host != "api.example.com" || got.Headers[1].Name != "x-team" {
		t.Errorf("headers: %+v", got.Headers)
	}
	if none, err := ParseHTTPClient(&Config{}); err != nil || len(none.Rules) != 0 {
		t.Errorf("an empty configuration: %+v, %v", none, err)
	}
}

func TestHTTPClientFaults(t *testing.T) {
	for _, test := range []struct {
		key, value string
	}{
		{"allow", "ftp://example.com"},
		{"allow", "https://${secret:token}.example.com"},
		{"timeout", "5"},
		{"max-requests", "0"},
		{"alow", "*"},
		{"header.Host", "evil.test"},
		{"header.Transfer-Encoding", "chunked"},
		{"header.Wattle-Hops", "0"},
		{"header.X y", "z"},
		{"header.X-Y", "a\r\nb: c"},
		{"header.X-Y", ""},
		{"header.X-Y@not a rule at all", "z"},
		{"header.Authorization", "${secret:token}"},
		{"header.Authorization@*", "${secret:token}"},
		{"header.Authorization@https://*.example.com", "${secret:token}"},
		{"header.Authorization@https://api.example.com", "${secret:other}"},
	} {
		_, err := ParseHTTPClient(&Config{Secrets: []string{"token"}, Values: map[string]string{test.key: test.value}})
		var e *Error
		if !errors.As(err, &e) || e.Faults[0].Key != test.key {
			t.Errorf("%s: %q: err = %v, want a fault of the key", test.key, test.value, err)
		}
	}
	for _, allow := range []string{"https://api.example.com\nhttps://other.example.com", "https://api.example.com\nhttp://api.example.com"} {
		if _, err := ParseHTTPClient(&Config{Secrets: []string{"t"}, Values: map[string]string{"allow": allow, "header.X-Key": "${secret:t}"}}); err == nil {
			t.Errorf("a secret goes to all of %q", allow)
		}
	}
	one := map[string]string{"allow": "https://api.example.com/a\nhttps://api.example.com/b", "header.X-Key": "${secret:t}"}
	if _, err := ParseHTTPClient(&Config{Secrets: []string{"t"}, Values: one}); err != nil {
		t.Errorf("a secret for the only host: %v", err)
	}
}

func FuzzHTTPClient(f *testing.F) {
	f.Add("https://api.example.com", "X-Key@https://api.example.com", "v ${secret:t}")
	f.Fuzz(func(t *testing.T, allow, name, value string) {
		c := &Config{Secrets: []string{"t"}, Values: map[string]string{"allow": allow, headerPrefix + name: value}}
		h, err := ParseHTTPClient(c)
		if err != nil {
			return
		}
		for _, field := range h.Headers {
			if !httprule.IsToken(field.Name) {
				t.Errorf("field %q", field.Name)
			}
			if len(field.Value.Secrets()) > 0 && field.Rule.Host == "" && len(h.Rules) == 0 {
				t.Errorf("%q goes anywhere", value)
			}
		}
	})
}
