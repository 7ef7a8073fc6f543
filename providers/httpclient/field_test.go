package httpclient_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/providers/httpclient"
)

// echo answers with the header fields that it is asked about in the path, in lines.
func echo(t *testing.T) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		for name, values := range r.Header {
			if strings.HasPrefix(strings.ToUpper(name), "X") || name == "Authorization" {
				_, _ = io.WriteString(w, name+"="+strings.Join(values, ",")+";")
			}
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func do(t *testing.T, c *httpclient.Client, r *http.Request) (string, error) {
	t.Helper()
	resp, err := c.Do(r, httpclient.Timeouts{}, 0)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	return string(got), err
}

// What the host adds takes the place of what the sender of a request says, however it
// writes the name, and goes only where its rule says.
func TestFields(t *testing.T) {
	s, other := echo(t), echo(t)
	c := client(t, httpclient.Options{
		Rules:  rules(t, s.URL, other.URL),
		Fields: []httpclient.Field{{Name: "authorization", Value: "Bearer right", Rule: rules(t, s.URL+"/in")[0]}},
	})
	for _, name := range []string{"Authorization", "authorization", "AUTHORIZATION"} {
		r := request(t, "GET", s.URL+"/in", nil)
		r.Header[name] = []string{"Bearer wrong"}
		if got, err := do(t, c, r); got != "Authorization=Bearer right;" || err != nil {
			t.Errorf("with %q: %q, %v", name, got, err)
		}
	}
	for _, url := range []string{s.URL + "/out", other.URL + "/in"} {
		if got, err := do(t, c, request(t, "GET", url, nil)); got != "" || err != nil {
			t.Errorf("%s: %q, %v", url, got, err)
		}
	}
	c = client(t, httpclient.Options{Rules: rules(t, s.URL), Fields: []httpclient.Field{{Name: "X-Api-Key", Value: "right"}}})
	r := request(t, "GET", s.URL, nil)
	r.Header["X_Api_Key"] = []string{"wrong"}
	if got, err := do(t, c, r); got != "X-Api-Key=right;" || err != nil {
		t.Errorf("with an underscore: %q, %v", got, err)
	}
	_, err := c.Do(request(t, "TRACE", s.URL, nil), httpclient.Timeouts{}, 0)
	if e := as[*httpclient.RequestError](t, err); e.Field != httpclient.FieldMethod {
		t.Errorf("TRACE: %v", e)
	}
}

func TestFieldCheck(t *testing.T) {
	const canary = "canary-4711"
	for _, f := range []httpclient.Field{
		{Name: "X y", Value: canary},
		{Name: "X", Value: canary + "\r\nY: z"},
		{Name: "X", Value: " " + canary},
		{Name: "X", Value: canary + "\x00"},
		{Name: "X"},
		{Value: canary},
	} {
		if err := f.Check(); err == nil || strings.Contains(err.Error(), canary) {
			t.Errorf("field %q: %v", f.Name, err)
		}
	}
	if err := (&httpclient.Field{Name: "X-Y", Value: "a b\tc"}).Check(); err != nil {
		t.Error(err)
	}
}

// The first client of which a rule allows a request makes it.
func TestNext(t *testing.T) {
	s := echo(t)
	field := func(v string) []httpclient.Field { return []httpclient.Field{{Name: "X-By", Value: v}} }
	last := client(t, httpclient.Options{Rules: rules(t, s.URL), Fields: field("last")})
	first := client(t, httpclient.Options{Rules: rules(t, s.URL+"/a"), Fields: field("first"), Next: last})
	for path, want := range map[string]string{"/a": "X-By=first;", "/b": "X-By=last;"} {
		if got, err := do(t, first, request(t, "GET", s.URL+path, nil)); got != want || err != nil {
			t.Errorf("%s: %q, %v; want %q", path, got, err, want)
		}
	}
	_, err := do(t, first, request(t, "GET", "http://other.test/", nil))
	as[*httpclient.DeniedError](t, err)
}

func TestTokens(t *testing.T) {
	s := echo(t)
	tokens := httpclient.NewTokens(1)
	last := client(t, httpclient.Options{Rules: rules(t, s.URL), Tokens: tokens})
	first := client(t, httpclient.Options{Rules: rules(t, s.URL+"/a"), Tokens: tokens, Next: last})
	for range 2 {
		resp, err := first.Do(request(t, "GET", s.URL+"/a", nil), httpclient.Timeouts{}, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = do(t, first, request(t, "GET", s.URL+"/b", nil))
		if e := as[*httpclient.LimitError](t, err); e.What != httpclient.LimitRequests || e.Max != 1 {
			t.Errorf("second request: %v", e)
		}
		resp.Body.Close()
	}
}

func TestRequestBodyLimit(t *testing.T) {
	s := echo(t)
	c := client(t, httpclient.Options{Rules: rules(t, s.URL), MaxRequestBody: 10})
	for _, known := range []bool{true, false} {
		for n, ok := range map[int]bool{10: true, 11: false, 100_000: false} {
			r := request(t, "POST", s.URL, strings.NewReader(strings.Repeat("x", n)))
			if !known {
				r.Body, r.ContentLength = io.NopCloser(io.MultiReader(r.Body)), -1
			}
			_, err := do(t, c, r)
			var limit *httpclient.LimitError
			want := &httpclient.LimitError{What: httpclient.LimitRequestBody, Max: 10}
			switch errors.As(err, &limit); {
			case ok && err != nil:
				t.Errorf("%d bytes: %v", n, err)
			case !ok && !cmp.Equal(limit, want):
				t.Errorf("%d bytes, length known %v: %v, want %v", n, known, err, want)
			}
		}
	}
	none := client(t, httpclient.Options{Rules: rules(t, s.URL), MaxRequestBody: -1})
	_, err := do(t, none, request(t, "POST", s.URL, strings.NewReader("x")))
	as[*httpclient.LimitError](t, err)
}
