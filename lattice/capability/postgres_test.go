package capability

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
)

const (
	// canary is the value of a secret in the tests: it is in no error.
	canary = "ca/na@ry:?#%&5f1d"
	dsn    = "postgres://u:p%40w@h.example/d?sslmode=require"
)

func lookup(name string) (string, bool) {
	value, ok := map[string]string{"pw": canary, "dsn": dsn, "POSTGRES_PASSWORD": canary, "bad": "mysql://" + canary}[name]
	return value, ok
}

func TestPostgres(t *testing.T) {
	theirs := map[string]string{"POSTGRES_HOST": "db", "POSTGRES_PORT": "5433", "POSTGRES_USERNAME": "u", "POSTGRES_DATABASE": "d"}
	for _, test := range []struct {
		values map[string]string
		want   PostgresServer
	}{
		{map[string]string{"url": "postgres://u:${secret:pw}@db.example.com:5433/app"}, PostgresServer{"db.example.com", 5433, "u", canary, "app", TLSVerify}},
		{map[string]string{"url": "postgresql://${secret:pw}@[::1]/app?sslmode=disable"}, PostgresServer{"::1", 5432, canary, "", "app", TLSOff}},
		{map[string]string{"url": "postgres://u@/app?host=/run/pg"}, PostgresServer{"/run/pg", 5432, "u", "", "app", TLSOff}},
		{map[string]string{"url": "${secret:dsn}"}, PostgresServer{"h.example", 5432, "u", "p@w", "d", TLSRequire}},
		{map[string]string{"host": "h", "user": "u", "database": "d", "password": "${secret:pw}", "tls": "off"}, PostgresServer{"h", 5432, "u", canary, "d", TLSOff}},
		{theirs, PostgresServer{"db", 5433, "u", canary, "d", TLSOff}},
	} {
		secrets := []string{"pw", "dsn", "password"}
		if test.values["POSTGRES_HOST"] != "" {
			secrets = append(secrets, "POSTGRES_PASSWORD")
		}
		p, err := ParsePostgres(&Config{Values: test.values, Secrets: secrets})
		if err != nil {
			t.Errorf("%v: %v", test.values, err)
			continue
		}
		got, err := p.Server(lookup)
		if err != nil {
			t.Errorf("%v: %v", test.values, err)
			continue
		}
		if diff := cmp.Diff(test.want, *got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", test.values, diff)
		}
	}
}

func TestPostgresFaults(t *testing.T) {
	full := map[string]string{"host": "h", "user": "u", "database": "d"}
	with := func(pairs ...string) map[string]string {
		m := maps.Clone(full)
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = pairs[i+1]
		}
		return m
	}
	for _, test := range []struct {
		values map[string]string
		want   []string
	}{
		{nil, []string{"url"}},
		{map[string]string{"url": "postgres://u@h/d", "host": "h"}, []string{"url"}},
		{map[string]string{"url": "mysql://u@h/d"}, []string{"url"}},
		{map[string]string{"url": "postgres://h/d"}, []string{"url"}},
		{map[string]string{"url": "postgres://u@h:port/d"}, []string{"url"}},
		{map[string]string{"url": "postgres://u@h/d?sslmode=prefer"}, []string{"url"}},
		{map[string]string{"url": "postgres://u@h/d?sslmode=disable&sslmode=disable"}, []string{"url"}},
		{map[string]string{"url": "postgres://u@h/d?options=-c%20x"}, []string{"url"}},
		{map[string]string{"url": "postgres://u@h/d?sslmode=disable", "tls": "off"}, []string{"url"}},
		{map[string]string{"url": "postgres://u:${secret:other}@h/d"}, []string{"url"}},
		{map[string]string{"host": "h"}, []string{"host"}},
		{with("tls", "prefer"), []string{"tls"}},
		{with("tls-ca", "nothing"), []string{"tls-ca"}},
		{with("port", "70000"), []string{"host"}},
		{with("pool", "0"), []string{"pool"}},
		{with("max-rows", "0", "max-bytes", "1B", "timeout", "2h"), []string{"max-bytes", "max-rows", "timeout"}},
		{with("tls", "off", "POSTGRES_TLS_REQUIRED", "true"), []string{"POSTGRES_TLS_REQUIRED"}},
	} {
		_, err := ParsePostgres(&Config{Values: test.values, Secrets: []string{"pw"}})
		if got := faultsOf(err); !slices.Equal(got, test.want) {
			t.Errorf("%v: faults of %q, want of %q: %v", test.values, got, test.want, err)
		}
	}
}

// What is wrong with a secret is said without it.
func TestPostgresCanary(t *testing.T) {
	for _, url := range []string{"${secret:bad}", "postgres://u@h:${secret:bad}/d", "postgres://u@h/d?sslmode=${secret:pw}"} {
		p := &Postgres{}
		var err error
		if p.URL, err = parseText(url); err != nil {
			t.Fatal(err)
		}
		_, err = p.Server(lookup)
		if !errors.Is(err, lattice.ErrInvalid) || strings.Contains(err.Error(), "5f1d") {
			t.Errorf("%s: %v", url, err)
		}
	}
	p := &Postgres{URL: Text{parts: []part{{secret: "none"}}}}
	if _, err := p.Server(lookup); !errors.Is(err, lattice.ErrNotFound) {
		t.Errorf("a secret that is missing: %v", err)
	}
}

func FuzzPostgres(f *testing.F) {
	f.Add("postgres://u:${secret:pw}@h:5432/d?sslmode=disable", "x")
	f.Add("${secret:pw}", dsn)
	f.Add("postgres://${secret:pw}${secret:pw}@/${secret:pw}?host=/x", canary)
	f.Fuzz(func(t *testing.T, url, secret string) {
		p, err := ParsePostgres(&Config{Values: map[string]string{"url": url}, Secrets: []string{"pw"}})
		if err != nil {
			return
		}
		s, err := p.Server(func(string) (string, bool) { return secret, true })
		switch {
		case err == nil && (s.Host == "" || s.User == "" || s.Database == "" || s.TLS == ""):
			t.Errorf("%q is %+v", url, s)
		case err != nil && len(secret) > 8 && !strings.Contains(url, secret) && strings.Contains(err.Error(), secret):
			t.Errorf("%q: the secret is in the error: %v", url, err)
		}
	})
}
