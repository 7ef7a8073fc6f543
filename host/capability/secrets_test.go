package capability_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/host/wasmcloud/secrets"
)

// wasmCloud's example judges passwords that it is sent, and secrets that it was given;
// which are in nothing that anybody is told.
func TestPasswordChecker(t *testing.T) {
	a := start(t, nil, setup{file: passwordGuest, base: wasi.Options{
		Secrets: secrets.Options{Values: map[string]secrets.Value{"mine": secrets.NewValue(canary)}},
	}})
	for _, test := range []struct {
		body   string
		status int
		want   string
	}{
		{`{"value":"test"}`, http.StatusOK, `"strength":"very-weak"`},
		{`{"secret":{"key":"mine"}}`, http.StatusOK, `"length":17`},
		{`{"secret":{"key":"not-mine"}}`, http.StatusBadRequest, "invalid secret"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://checker.example/api/v1/check", strings.NewReader(test.body))
		w := httptest.NewRecorder()
		if err := a.HTTP(w, r, a.invocation("wasi:http/incoming-handler", "handle")); err != nil {
			t.Fatal(err)
		}
		if w.Code != test.status || !strings.Contains(w.Body.String(), test.want) {
			t.Errorf("%s: %d %s", test.body, w.Code, w.Body)
		}
		if strings.Contains(w.Body.String()+a.logged()+strings.Join(a.lines(), "\n"), canary) {
			t.Errorf("%s: the secret is said", test.body)
		}
	}
}
