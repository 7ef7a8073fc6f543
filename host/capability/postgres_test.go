package capability_test

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/host/capability"
	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/providers/postgres/postgrestest"
	"github.com/wattle-dev/wattle/wit"
)

// database returns a link to a server, by its socket, with the password as a secret.
func database(s *postgrestest.Server, iface string) (lattice.Capability, map[string]string) {
	return lattice.Capability{
		Kind: "postgres", Name: lattice.DefaultLink, Namespace: "wasmcloud", Package: "postgres", Interfaces: []string{iface},
		Config: map[string]string{
			"url":     fmt.Sprintf("postgres://%s:${secret:pw}@:%d/postgres?host=%s", s.User, s.Port, s.Dir),
			"timeout": "20s", "max-rows": "100",
		},
		Secrets: map[string]lattice.SecretRef{"pw": {Name: "db", Version: 1}},
	}, map[string]string{"db": s.Password}
}

// wasmCloud's example asks a real database; by its own keys, too.
func TestPostgresExample(t *testing.T) {
	s := postgrestest.Start(t, postgrestest.Options{})
	ours, secrets := database(s, "query")
	theirs := ours
	theirs.Config = map[string]string{
		"POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": fmt.Sprint(s.Port), "POSTGRES_USERNAME": s.User, "POSTGRES_DATABASE": "postgres",
		"POSTGRES_TLS_REQUIRED": "false", "POSTGRES_POOL_SIZE": "2",
	}
	theirs.Secrets = map[string]lattice.SecretRef{"POSTGRES_PASSWORD": {Name: "db", Version: 1}}
	for name, link := range map[string]lattice.Capability{"ours": ours, "theirs": theirs} {
		t.Run(name, func(t *testing.T) {
			a := start(t, nil, setup{file: queryGuest, secrets: secrets}, link)
			results, err := a.Call(t.Context(), "wasmcloud:examples/invoke", "call", nil)
			if err != nil {
				t.Fatal(err)
			}
			text, _ := results[0].(string)
			if !strings.HasPrefix(text, "SUCCESS") || !strings.Contains(text, "inserted example row!") {
				t.Errorf("it says %s", text)
			}
			if strings.Contains(text+a.logged(), s.Password) {
				t.Error("the password is said")
			}
		})
	}
}

// Prepared statements, and what is wrong with them, as a guest sees it.
func TestPostgresPrepared(t *testing.T) {
	s := postgrestest.Start(t, postgrestest.Options{})
	link, secrets := database(s, "prepared")
	a := start(t, nil, setup{file: talkGuest, secrets: secrets}, link)
	exec := func(sql string, params ...string) (wit.Value, string) {
		list := wit.ListValue{}
		for _, p := range params {
			list = append(list, p)
		}
		return call(t, a, "exec", sql, list)
	}
	for _, test := range []struct {
		sql     string
		params  []string
		want    wit.Value
		refusal string
	}{
		{"CREATE TABLE t (id uuid PRIMARY KEY, n int)", nil, uint64(0), ""},
		{"INSERT INTO t VALUES ($1, $2)", []string{"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "7"}, uint64(1), ""},
		{"UPDATE t SET n = n + $1", []string{"1"}, uint64(1), ""},
		{"INSERT INTO t VALUES ($1, $2)", []string{"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "7"}, nil, "SQLSTATE 23505"},
		{"INSERT INTO t VALUES ($1, $2)", []string{"no uuid", "7"}, nil, "QueryError::InvalidParams"},
		{"INSERT INTO t VALUES ($1, $2)", nil, nil, "QueryError::InvalidParams"},
		{"INSERT INTO none VALUES ($1)", []string{"1"}, nil, "StatementPrepareError"},
		{"SELECT generate_series(1, 1000)", nil, nil, "at most 100 rows"},
	} {
		if got, refusal := exec(test.sql, test.params...); got != test.want || !strings.Contains(refusal, test.refusal) || test.refusal == "" && refusal != "" {
			t.Errorf("%s %q: %v, %q, want %v, %q", test.sql, test.params, got, refusal, test.want, test.refusal)
		}
	}
}

// A call that ends ends what it asks: the server stops, and the guest's instance too.
func TestPostgresDeadline(t *testing.T) {
	s := postgrestest.Start(t, postgrestest.Options{})
	link, secrets := database(s, "prepared")
	o := setup{file: talkGuest, secrets: secrets}
	o.opts.Timeout = 500 * time.Millisecond
	a := start(t, nil, o, link)
	begun := time.Now()
	_, err := a.Call(t.Context(), "test:talk/calls", "exec", []wit.Value{"SELECT pg_sleep(3600)", wit.ListValue{}})
	if !errors.Is(err, lattice.CodeDeadline.Sentinel()) {
		t.Errorf("err = %v after %v", err, time.Since(begun))
	}
}

// A link whose secret is missing, or says nothing that could be a database, is not
// opened, and the reason is given without it.
func TestPostgresFaults(t *testing.T) {
	link, _ := database(&postgrestest.Server{User: "u", Dir: "/tmp", Port: 1}, "query")
	whole := link
	whole.Config = map[string]string{"url": "${secret:pw}"}
	env := &capability.Env{Name: lattice.DefaultName, Component: "c", Logger: slog.New(slog.DiscardHandler)}
	for _, test := range []struct {
		link   lattice.Capability
		secret string
		want   error
	}{{link, "", lattice.ErrNotFound}, {whole, "mysql://" + canary, lattice.ErrInvalid}} {
		_, err := capability.Open(t.Context(), env, wasi.Options{}, []lattice.Capability{test.link}, func(lattice.SecretRef) (string, bool) {
			return test.secret, test.secret != ""
		})
		if !errors.Is(err, test.want) || strings.Contains(err.Error(), canary) {
			t.Errorf("err = %v, want %v", err, test.want)
		}
	}
}
