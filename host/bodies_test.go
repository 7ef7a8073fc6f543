package host_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host"
)

// echoGuest sends the body of a request back while it comes.
const echoGuest = "../internal/guests/incoming_echo/guest.wasm"

// TestBodyLimits sends bodies around the limits of what a guest is sent and sends. A
// body whose length nobody says is found too long when the guest reads it; by then the
// response has begun, and is cut off.
func TestBodyLimits(t *testing.T) {
	for _, c := range []struct {
		name     string
		opts     host.Options
		size     int
		declared bool
		status   int // 0: the response is cut off
		limit    string
	}{
		{name: "as much as may be", opts: host.Options{MaxRequest: 100}, size: 100, status: 200},
		{name: "declared", opts: host.Options{MaxRequest: 100}, size: 101, declared: true, status: 413, limit: host.LimitRequest},
		{name: "not declared", opts: host.Options{MaxRequest: 100}, size: 101, limit: host.LimitRequest},
		{name: "much more", opts: host.Options{MaxRequest: 100}, size: 1 << 20, limit: host.LimitRequest},
		{name: "as much as it may answer", opts: host.Options{MaxResponse: 100}, size: 100, status: 200},
		{name: "a long answer", opts: host.Options{MaxResponse: 100}, size: 101, limit: host.LimitResponse},
		{name: "an endless answer", opts: host.Options{MaxResponse: 1000}, size: 1 << 20, limit: host.LimitResponse},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, srv := start(t, echoGuest, c.opts)
			var body io.Reader = strings.NewReader(strings.Repeat("x", c.size))
			if !c.declared {
				body = io.MultiReader(body) // of which net/http does not know the length
			}
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL, body)
			if err != nil {
				t.Fatal(err)
			}
			status, got := 0, ""
			resp, err := srv.Client().Do(r)
			if err == nil {
				defer resp.Body.Close()
				var b []byte
				b, err = io.ReadAll(resp.Body)
				status, got = resp.StatusCode, string(b)
			}
			idle(s)
			switch {
			case c.status == 0 && err == nil:
				t.Errorf("the response is whole: %d, %d bytes", status, len(got))
			case c.status != 0 && (err != nil || status != c.status || status == 200 && len(got) != c.size):
				t.Errorf("%d %.50q %v, want %d", status, got, err, c.status)
			}
			want := map[string]int64{}
			if c.limit != "" {
				want[c.limit] = 1
			}
			if d := cmp.Diff(want, s.Metrics().Exceeded.Counts()); d != "" {
				t.Errorf("limits that were exceeded (-want +got):\n%s", d)
			}
		})
	}
}
