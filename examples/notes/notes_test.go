package main

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// start serves notes that are kept in memory, and returns the URL of the server.
func start(t *testing.T, n *notes) string {
	t.Helper()
	kept := &memory{values: map[string][]byte{}}
	n.open = func() (store, error) { return kept, nil }
	n.page, n.scratch = filepath.Join(t.TempDir(), "page.html"), t.TempDir()
	if err := os.WriteFile(n.page, []byte("<h1>{title}</h1>{notes}"), 0o600); err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(n)
	t.Cleanup(front.Close)
	return front.URL
}

// ask makes a request, and returns the status and the body of the answer.
func ask(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func TestNotes(t *testing.T) {
	url := start(t, &notes{setting: func(string) (string, error) { return "Mine & yours", nil }})
	for _, test := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/", "", 200, "<h1>Mine &amp; yours</h1>"},
		{"GET", "/notes/b", "", 404, "there is no note \"b\"\n"},
		{"PUT", "/notes/b", "<two>", 204, ""},
		{"PUT", "/notes/a", "one", 204, ""},
		{"PUT", "/notes/c%20d", "x", 400, "a name has up to 64 letters, digits, - and _\n"},
		{"PUT", "/notes/c", strings.Repeat("x", maxNote+1), 413, "a note has at most 32768 bytes\n"},
		{"GET", "/notes/b", "", 200, "<two>"},
		{"GET", "/", "", 200, "<h1>Mine &amp; yours</h1><dt>a</dt><dd>one</dd>\n<dt>b</dt><dd>&lt;two&gt;</dd>\n"},
		{"DELETE", "/notes/b", "", 204, ""},
		{"GET", "/notes/b", "", 404, "there is no note \"b\"\n"},
		{"POST", "/notes/a", "", 405, "Method Not Allowed\n"},
	} {
		status, text := ask(t, test.method, url+test.path, test.body)
		if status != test.status || text != test.want {
			t.Errorf("%s %s = %d %q, want %d %q", test.method, test.path, status, text, test.status, test.want)
		}
	}
}

func TestExport(t *testing.T) {
	url := start(t, &notes{})
	ask(t, "PUT", url+"/notes/a", "one")
	status, text := ask(t, "GET", url+"/export", "")
	if status != http.StatusOK {
		t.Fatalf("status = %d, want 200: %s", status, text)
	}
	archive, err := zip.NewReader(strings.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := archive.Open("a.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, err := io.ReadAll(f); err != nil || !bytes.Equal(got, []byte("one")) {
		t.Errorf("a.txt = %q, %v, want %q", got, err, "one")
	}
}

// refusing is a transport that refuses all requests.
type refusing struct{ err error }

func (r refusing) RoundTrip(*http.Request) (*http.Response, error) { return nil, r.err }

func TestPublish(t *testing.T) {
	var got string
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		got = r.Method + " " + string(text)
		w.WriteHeader(http.StatusCreated)
	}))
	defer upstream.Close()
	to := upstream.URL
	n := &notes{
		setting:   func(string) (string, error) { return to, nil },
		transport: http.DefaultTransport, denied: func(error) bool { return false },
	}
	url := start(t, n)
	ask(t, "PUT", url+"/notes/a", "one")
	if status, text := ask(t, "POST", url+"/notes/a/publish", ""); status != 200 || text != "published a: 201\n" {
		t.Errorf("publish = %d %q", status, text)
	}
	if want := "POST one"; got != want {
		t.Errorf("upstream got %q, want %q", got, want)
	}

	refused := errors.New("refused")
	n.transport, n.denied = refusing{refused}, func(err error) bool { return errors.Is(err, refused) }
	if status, text := ask(t, "POST", url+"/notes/a/publish", ""); status != 403 || !strings.Contains(text, "refused") {
		t.Errorf("publish without permission = %d %q, want 403", status, text)
	}
	n.denied = func(error) bool { return false }
	if status, _ := ask(t, "POST", url+"/notes/a/publish", ""); status != 502 {
		t.Errorf("publish that fails = %d, want 502", status)
	}
	to = ""
	if status, _ := ask(t, "POST", url+"/notes/a/publish", ""); status != 501 {
		t.Errorf("publish without a setting = %d, want 501", status)
	}
}
