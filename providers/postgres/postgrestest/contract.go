package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/providers/postgres"
)

// Bounds are those with which a database of the contract is opened.
type Bounds struct {
	Connections, MaxRows, MaxBytes int
	Timeout                        time.Duration
}

// Run runs the contract. open opens a database on the server.
func Run(t *testing.T, open func(t *testing.T, b Bounds) postgres.Database) {
	b := Bounds{Connections: 2, MaxRows: 100, MaxBytes: 1 << 16, Timeout: time.Minute}
	for _, c := range []struct {
		name string
		run  func(*testing.T, postgres.Database)
		b    func(*Bounds)
	}{
		{"Query", query, nil},
		{"Exec", execute, nil},
		{"Batch", batch, nil},
		{"Errors", faults, nil},
		{"Sessions", sessions, func(b *Bounds) { b.Connections = 1 }},
		{"Bounds", bounds, func(b *Bounds) { b.Connections = 1 }},
		{"Deadline", deadline, func(b *Bounds) { b.Connections = 1 }},
		{"Timeout", timeout, func(b *Bounds) { b.Timeout = 200 * time.Millisecond }},
		{"Busy", busy, func(b *Bounds) { b.Connections = 1 }},
		{"Many", many, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := b
			if c.b != nil {
				c.b(&b)
			}
			c.run(t, open(t, b))
		})
	}
}

func context1(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// rows asks and returns the result: each row its values joined by |, NULL as a tilde.
func rows(ctx context.Context, db postgres.Database, sql string, params ...postgres.Param) ([]string, error) {
	var all []string
	err := db.Query(ctx, sql, params, func(columns []postgres.Column, row [][]byte) error {
		var texts []string
		for i, v := range row {
			text := string(v)
			if v == nil {
				text = "~"
			}
			texts = append(texts, fmt.Sprintf("%s:%d=%s", columns[i].Name, columns[i].Type, text))
		}
		all = append(all, strings.Join(texts, "|"))
		return nil
	})
	return all, err
}

func text(s string) postgres.Param { return postgres.Param{Text: s} }

func query(t *testing.T, db postgres.Database) {
	for _, test := range []struct {
		sql    string
		params []postgres.Param
		want   []string
	}{
		{"SELECT 1 AS a, NULL::text AS b, '' AS c", nil, []string{"a:23=1|b:25=~|c:25="}},
		{"SELECT $1::int8 + 1 AS n, $2::uuid AS u", []postgres.Param{text("41"), text("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")}, []string{"n:20=42|u:2950=a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}},
		{"SELECT $1::text AS t", []postgres.Param{{Null: true}}, []string{"t:25=~"}},
		{"SELECT generate_series(1, 3) AS n", nil, []string{"n:23=1", "n:23=2", "n:23=3"}},
		{"SELECT 1 WHERE false", nil, nil},
		{"SELECT $1::text AS t", []postgres.Param{text("'; DROP TABLE x; --")}, []string{"t:25='; DROP TABLE x; --"}},
		{"SELECT 0.1::float8 AS f, '2020-01-02 03:04:05+02'::timestamptz AS t, '\\x00ff'::bytea AS b, '1d'::interval AS i, 12.5::money AS m", nil, []string{
			`f:701=0.1|t:1184=2020-01-02 01:04:05+00|b:17=\x00ff|i:1186=P1D|m:790=$12.50`,
		}},
	} {
		got, err := rows(context1(t), db, test.sql, test.params...)
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, %v, want %q", test.sql, got, err, test.want)
		}
	}
	mine := errors.New("of the test")
	calls := 0
	err := db.Query(context1(t), "SELECT generate_series(1, 50)", nil, func([]postgres.Column, [][]byte) error {
		calls++
		return mine
	})
	if !errors.Is(err, mine) || calls != 1 {
		t.Errorf("f was called %d times, %v", calls, err)
	}
	if _, err := rows(context1(t), db, "SELECT 1"); err != nil {
		t.Errorf("after that: %v", err)
	}
}

func execute(t *testing.T, db postgres.Database) {
	if err := db.Batch(context1(t), "DROP TABLE IF EXISTS e; CREATE TABLE e (id int PRIMARY KEY, t text)"); err != nil {
		t.Fatal(err)
	}
	const insert = "INSERT INTO e SELECT g, $1 FROM generate_series(1, 5) g"
	if err := db.Check(context1(t), insert); err != nil {
		t.Error(err)
	}
	if n, err := db.Exec(context1(t), insert, []postgres.Param{text("x")}); n != 5 || err != nil {
		t.Errorf("inserted %d, %v", n, err)
	}
	if n, err := db.Exec(context1(t), "DELETE FROM e WHERE id > $1", []postgres.Param{text("3")}); n != 2 || err != nil {
		t.Errorf("deleted %d, %v", n, err)
	}
	if n, err := db.Exec(context1(t), "CREATE TABLE IF NOT EXISTS e ()", nil); n != 0 || err != nil {
		t.Errorf("created %d, %v", n, err)
	}
}

func batch(t *testing.T, db postgres.Database) {
	err := db.Batch(context1(t), "DROP TABLE IF EXISTS b; CREATE TABLE b (n int); INSERT INTO b VALUES (1), (2); SELECT * FROM b;")
	if err != nil {
		t.Fatal(err)
	}
	// All of them or none.
	err = db.Batch(context1(t), "INSERT INTO b VALUES (3); INSERT INTO b VALUES ('x')")
	if e := wantError(t, err); !e.Parameters() {
		t.Errorf("batch that fails: %v", err)
	}
	if got, err := rows(context1(t), db, "SELECT count(*) AS n FROM b"); err != nil || !slices.Equal(got, []string{"n:20=2"}) {
		t.Errorf("%q, %v", got, err)
	}
}

func wantError(t *testing.T, err error) *postgres.Error {
	t.Helper()
	e, ok := errors.AsType[*postgres.Error](err)
	if !ok {
		t.Fatalf("%v is not an error of the database", err)
	}
	return e
}

func faults(t *testing.T, db postgres.Database) {
	if err := db.Batch(context1(t), "DROP TABLE IF EXISTS f; CREATE TABLE f (id int PRIMARY KEY); INSERT INTO f VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		sql                   string
		params                []postgres.Param
		code                  string
		parameters, statement bool
	}{
		{"SELEC 1", nil, "42601", false, true},
		{"SELECT * FROM no_such_table", nil, "42P01", false, true},
		{"SELECT 1; SELECT 2", nil, "42601", false, true},
		{"", []postgres.Param{text("1")}, "08P01", true, false},
		{"SELECT $1::int", []postgres.Param{text("x")}, "22P02", true, false},
		{"SELECT $1::int", nil, "08P01", true, false},
		{"SELECT $1::text", []postgres.Param{text("a\x00b")}, "22021", true, false},
		{"INSERT INTO f VALUES (1)", nil, "23505", false, false},
		{"SELECT 1/0", nil, "22012", true, false},
	} {
		_, err := db.Exec(context1(t), test.sql, test.params)
		e := wantError(t, err)
		if e.Code != test.code || e.Parameters() != test.parameters || e.Statement() != test.statement {
			t.Errorf("%q: %v: parameters at fault %v, statement %v", test.sql, e, e.Parameters(), e.Statement())
		}
		if strings.Contains(err.Error(), password) {
			t.Errorf("the password is in %v", err)
		}
	}
	if err := db.Check(context1(t), "SELECT * FROM no_such_table"); !wantError(t, err).Statement() {
		t.Errorf("check: %v", err)
	}
	if _, err := db.Exec(context1(t), "SELECT 1", make([]postgres.Param, 1<<16)); !errors.Is(err, lattice.ErrInvalid) {
		t.Errorf("too many parameters: %v", err)
	}
}

// What a question leaves behind is gone for the next one, on the same connection.
func sessions(t *testing.T, db postgres.Database) {
	for _, left := range []string{
		"SET TimeZone = 'Asia/Tokyo'; SET DateStyle = 'German'; SET ROLE pg_monitor", "CREATE TEMPORARY TABLE left_behind (n int)",
		"SELECT pg_advisory_lock(7)", "BEGIN; SET LOCAL extra_float_digits = 0", "PREPARE p AS SELECT 1", "LISTEN c",
	} {
		if err := db.Batch(context1(t), left); err != nil {
			t.Errorf("%s: %v", left, err)
		}
		got, err := rows(context1(t), db, "SELECT current_setting('TimeZone') AS z, current_setting('DateStyle') AS d, to_regclass('left_behind') AS t, "+
			"(SELECT count(*) FROM pg_locks WHERE locktype = 'advisory') AS l, (SELECT count(*) FROM pg_prepared_statements WHERE name <> '') AS p, "+
			"current_user = session_user AS u, current_setting('extra_float_digits') AS f, (SELECT count(*) FROM pg_listening_channels()) AS c")
		if want := []string{"z:25=UTC|d:25=ISO, YMD|t:2205=~|l:20=0|p:20=0|u:16=t|f:25=3|c:20=0"}; err != nil || !slices.Equal(got, want) {
			t.Errorf("after %s: %q, %v, want %q", left, got, err, want)
		}
	}
}

func bounds(t *testing.T, db postgres.Database) {
	for _, sql := range []string{"SELECT generate_series(1, 101)", "SELECT repeat('x', 1 << 17)", "SELECT generate_series(1, 1000000000)"} {
		if _, err := rows(context1(t), db, sql); !errors.Is(err, lattice.ErrExhausted) {
			t.Errorf("query %s: %v", sql, err)
		}
		if err := db.Batch(context1(t), "SELECT 1; "+sql); !errors.Is(err, lattice.ErrExhausted) {
			t.Errorf("batch %s: %v", sql, err)
		}
	}
	got, err := rows(context1(t), db, "SELECT generate_series(1, 100)")
	if err != nil || len(got) != 100 {
		t.Errorf("%d rows, %v", len(got), err)
	}
}

// What takes too long is ended at the server: its connection, the only one, is free
// again.
func deadline(t *testing.T, db postgres.Database) {
	for _, ask := range []func(context.Context) error{
		func(ctx context.Context) error { _, err := rows(ctx, db, "SELECT pg_sleep(3600)"); return err },
		func(ctx context.Context) error { _, err := db.Exec(ctx, "SELECT pg_sleep(3600)", nil); return err },
		func(ctx context.Context) error { return db.Batch(ctx, "SELECT 1; SELECT pg_sleep(3600)") },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		if err := ask(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("at the deadline: %v", err)
		}
		cancel()
		got, err := rows(context1(t), db, "SELECT count(*) AS n FROM pg_stat_activity WHERE query LIKE '%pg_sleep(3600)%' AND state = 'active' AND pid <> pg_backend_pid()")
		if want := []string{"n:20=0"}; err != nil || !slices.Equal(got, want) {
			t.Errorf("the server goes on: %q, %v", got, err)
		}
	}
}

func timeout(t *testing.T, db postgres.Database) {
	if _, err := rows(context1(t), db, "SELECT pg_sleep(3600)"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("beyond the timeout: %v", err)
	}
}

// Who finds all connections in use waits.
func busy(t *testing.T, db postgres.Database) {
	begun, end := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		err := db.Query(context1(t), "SELECT 1", nil, func([]postgres.Column, [][]byte) error {
			close(begun)
			<-end
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-begun
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := rows(ctx, db, "SELECT 1"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with no connection free: %v", err)
	}
	close(end)
	all.Wait()
	if _, err := rows(context1(t), db, "SELECT 1"); err != nil {
		t.Error(err)
	}
}

func many(t *testing.T, db postgres.Database) {
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			got, err := rows(context1(t), db, "SELECT $1::int AS n", text(fmt.Sprint(i)))
			if want := []string{fmt.Sprintf("n:23=%d", i)}; err != nil || !slices.Equal(got, want) {
				t.Errorf("%q, %v, want %q", got, err, want)
			}
		})
	}
	all.Wait()
}
