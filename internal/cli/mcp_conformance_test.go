package cli

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/lattice/seal"
)

// TestOpened is that only the address that was given out shows the token, and that the
// gateway sees for whom a request was.
func TestOpened(t *testing.T) {
	token := &seal.Shared{1, 2, 3}
	var seen []string
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		name, _, _ := strings.Cut(r.Host, ":")
		seen = append(seen, strings.Join([]string{r.Method, r.URL.Path, name, r.Header.Get("Authorization"), string(body)}, " "))
	}))
	defer gateway.Close()
	e := &endpoint{url: gateway.URL + "/mcp", token: token}
	address, stop, err := e.opened(t.Context(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	send := func(url, host string) int {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, strings.Replace(url, "localhost", "127.0.0.1", 1), strings.NewReader("body"))
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	if code := send(address, "localhost"); code != http.StatusOK {
		t.Errorf("status %d", code)
	}
	send(address, "evil.example")
	for _, other := range []string{address + "x", address[:strings.LastIndexByte(address, '/')+1]} {
		if code := send(other, "localhost"); code != http.StatusNotFound {
			t.Errorf("%s: status %d", other, code)
		}
	}
	want := []string{
		"POST /mcp/shop 127.0.0.1 Bearer " + token.Reveal() + " body",
		"POST /mcp/shop evil.example Bearer " + token.Reveal() + " body",
	}
	if strings.Join(seen, "\n") != strings.Join(want, "\n") {
		t.Errorf("the gateway saw %q, want %q", seen, want)
	}
	http.DefaultClient.CloseIdleConnections()
	if err := stop(); err != nil {
		t.Error(err)
	}
}
