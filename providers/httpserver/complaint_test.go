package httpserver_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/providers/httpserver"
)

// TestOneWarning has many requests come to components that are nowhere: the log has
// one line of each for some seconds, which says how many they were.
func TestOneWarning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		var err error
		in := &invoker{http: func(http.ResponseWriter, *http.Request) error { return err }}
		s := httpserver.New(in, routes{ids: []lattice.ComponentID{"a", "b"}}, &httpserver.Options{Local: true, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		want := func(what string, lines ...string) {
			t.Helper()
			got := strings.Split(strings.TrimSuffix(log.String(), "\n"), "\n")
			if log.Len() == 0 {
				got = nil
			}
			if len(got) != len(lines) {
				t.Errorf("%s: %d lines, want %d:\n%s", what, len(got), len(lines), log.String())
			} else {
				for i, line := range lines {
					if !strings.Contains(got[i], line) {
						t.Errorf("%s: %q, want %q in it", what, got[i], line)
					}
				}
			}
			log.Reset()
		}
		flood := func(id string, n int) {
			for range n {
				get(t, s, "http://"+id+".localhost/", nil)
			}
		}
		err = &lattice.Error{Code: lattice.CodeUnavailable, Message: "none of the 2 hosts is ready", Undelivered: true}
		flood("a", 1000)
		flood("b", 10)
		want("at first", "component=a calls=1", "component=b calls=1")
		time.Sleep(6 * time.Second)
		flood("a", 3)
		want("later", "component=a calls=1000")
		// What is wrong with one request is said of each.
		err = &lattice.Error{Code: lattice.CodeTrapped, Message: "unreachable"}
		flood("a", 2)
		err = &lattice.Error{Code: lattice.CodeUnavailable, Message: "the host was lost"}
		flood("a", 1)
		want("failures", "request failed", "unreachable", "the host was lost")
	})
}
