package s3_test

import (
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/wattle-dev/wattle/providers/blobstore"
	"github.com/wattle-dev/wattle/providers/blobstore/blobstoretest"
	"github.com/wattle-dev/wattle/providers/blobstore/s3"
)

// service is a service of S3 that can be away.
type service struct {
	url, ca string
	client  *http.Client
	away    atomic.Bool
}

func newService(tb testing.TB) *service {
	tb.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("bucket"); err != nil {
		tb.Fatal(err)
	}
	handler := gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server()
	s := &service{}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.away.Load() {
			panic(http.ErrAbortHandler)
		}
		handler.ServeHTTP(&writer{w, &s.away}, r)
	}))
	tb.Cleanup(server.Close)
	s.url, s.client = server.URL, server.Client()
	s.ca = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	return s
}

// writer stops in the middle of an answer when the service is away.
type writer struct {
	http.ResponseWriter
	away *atomic.Bool
}

func (w *writer) Write(p []byte) (int, error) {
	if w.away.Load() {
		panic(http.ErrAbortHandler)
	}
	return w.ResponseWriter.Write(p)
}

func (s *service) options(prefix string) *s3.Options {
	return &s3.Options{Endpoint: s.url, Bucket: "bucket", Prefix: prefix, AccessKey: "access", SecretKey: "secret", PathStyle: true, CA: s.ca}
}

func open(tb testing.TB, o *s3.Options) *s3.Store {
	tb.Helper()
	s, err := s3.Open(o)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestContract(t *testing.T) {
	blobstoretest.Run(t, func(tb testing.TB) *blobstoretest.Env {
		s := newService(tb)
		return &blobstoretest.Env{
			Open: func(tb testing.TB, name string) blobstore.Store {
				tb.Helper()
				return open(tb, s.options(name+"/"))
			},
			Stop:  func(testing.TB) { s.away.Store(true) },
			Start: func(testing.TB) { s.away.Store(false) },
			Holds: true,
		}
	})
}

// What other programs wrote is there, in containers that nobody made, and what is
// written has keys that they would choose.
func TestForeign(t *testing.T) {
	service := newService(t)
	request := func(method, key, body string) int {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, service.url+"/bucket/"+key, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := service.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }() // it is not read
		return answer.StatusCode
	}
	if code := request(http.MethodPut, "site/assets/css/main.css", "body{}"); code != http.StatusOK {
		t.Fatalf("put by hand: %d", code)
	}
	s := blobstore.Limit(open(t, service.options("site/")), blobstore.Limits{})
	if _, err := s.Container(t.Context(), "assets"); err != nil {
		t.Errorf("a container without a marker: %v", err)
	}
	page, err := s.List(t.Context(), "assets", blobstore.Query{})
	if err != nil || len(page.Objects) != 1 || page.Objects[0].Name != "css/main.css" {
		t.Errorf("List = %+v, %v", page, err)
	}
	if err := s.Put(t.Context(), blobstore.ID{Container: "assets", Object: "js/main.js"}, strings.NewReader("1")); err != nil {
		t.Fatal(err)
	}
	if code := request(http.MethodHead, "site/assets/js/main.js", ""); code != http.StatusOK {
		t.Errorf("what was put is not there by hand: %d", code)
	}
}

// A bucket that is not there is not a container that is not there.
func TestNoBucket(t *testing.T) {
	o := newService(t).options("")
	o.Bucket = "other"
	err := open(t, o).CreateContainer(t.Context(), "c")
	if e, ok := errors.AsType[*blobstore.Error](err); !ok || e.Kind != blobstore.Failed || strings.Contains(e.Public(), "other") {
		t.Errorf("CreateContainer in no bucket: %v", err)
	}
}

func TestOptions(t *testing.T) {
	good := func() *s3.Options { return &s3.Options{Endpoint: "https://s3.example.com", Bucket: "bucket"} }
	if err := good().Check(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*s3.Options){
		"endpoint":        func(o *s3.Options) { o.Endpoint = "s3.example.com" },
		"scheme":          func(o *s3.Options) { o.Endpoint = "ftp://s3.example.com" },
		"user":            func(o *s3.Options) { o.Endpoint = "https://user:secret@s3.example.com" },
		"path":            func(o *s3.Options) { o.Endpoint = "https://s3.example.com/bucket" },
		"no bucket":       func(o *s3.Options) { o.Bucket = "" },
		"bucket":          func(o *s3.Options) { o.Bucket = "a/b" },
		"prefix":          func(o *s3.Options) { o.Prefix = strings.Repeat("p", 201) },
		"half of the key": func(o *s3.Options) { o.AccessKey = "a" },
		"authorities":     func(o *s3.Options) { o.CA = "x" },
	} {
		o := good()
		change(o)
		if err := o.Check(); err == nil || strings.Contains(err.Error(), "secret") && name == "user" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
