package capability

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
)

// faulty are the keys at fault, of an error that must be one of a configuration.
func faulty(t testing.TB, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, lattice.ErrInvalid) {
		t.Fatalf("err = %v", err)
	}
	var keys []string
	for _, f := range e.Faults {
		keys = append(keys, f.Key)
	}
	return keys
}

func TestStores(t *testing.T) {
	secrets := []string{"password", "s3"}
	for _, test := range []struct {
		kind   string
		values map[string]string
		faults []string
	}{
		{kindKeyValueNATS, nil, nil},
		{kindKeyValueNATS, map[string]string{"bucket": "a.b-c_1", "max-value": "1KiB", "timeout": "1m"}, nil},
		{kindKeyValueNATS, map[string]string{"bucket": "", "max-value": "1MiB", "timeout": "1ms"}, []string{"bucket", "max-value", "timeout"}},
		{kindKeyValueNATS, map[string]string{"bucket": "a/b", "buckt": "x"}, []string{"bucket", "buckt"}},
		{kindKeyValueNATS, map[string]string{"bucket": "${secret:s3}"}, []string{"bucket"}},
		{kindKeyValueNATS, map[string]string{"bucket": strings.Repeat("b", 65)}, []string{"bucket"}},

		{kindKeyValueRedis, nil, []string{"url"}},
		{kindKeyValueRedis, map[string]string{"url": "redis://localhost"}, nil},
		{kindKeyValueRedis, map[string]string{"URL": "rediss://a:${secret:password}@h:1/2", "prefix": "", "connections": "4"}, nil},
		{kindKeyValueRedis, map[string]string{"url": "${secret:s3}"}, nil},
		{kindKeyValueRedis, map[string]string{"url": "unix:///run/redis.sock", "tls-ca": "x"}, []string{"tls-ca"}},
		{kindKeyValueRedis, map[string]string{"url": "http://localhost"}, []string{"url"}},
		{kindKeyValueRedis, map[string]string{"url": "redis://a:secret%zz@h"}, []string{"url"}},
		{kindKeyValueRedis, map[string]string{"url": "redis://${secret:other}@h"}, []string{"url"}},
		{kindKeyValueRedis, map[string]string{"url": "redis://h", "prefix": strings.Repeat("p", 201)}, []string{"prefix"}},
		{kindKeyValueRedis, map[string]string{"url": "redis://h", "prefix": "${secret:s3}"}, []string{"prefix"}},

		{kindBlobstoreNATS, nil, nil},
		{kindBlobstoreNATS, map[string]string{"bucket": "pictures", "max-object": "4GiB"}, nil},
		{kindBlobstoreNATS, map[string]string{"bucket": "*", "max-object": "5GiB"}, []string{"bucket", "max-object"}},

		{kindBlobstoreS3, nil, []string{"bucket", "endpoint"}},
		{kindBlobstoreS3, map[string]string{"endpoint": "https://s3.example.com", "bucket": "b", "access-key": "a", "secret_access_key": "${secret:s3}"}, nil},
		{kindBlobstoreS3, map[string]string{"endpoint": "https://s3.example.com", "bucket": "b", "access-key": "a"}, []string{"access-key"}},
		{kindBlobstoreS3, map[string]string{"endpoint": "https://u:p@s3.example.com", "bucket": "b"}, []string{"endpoint"}},
		{kindBlobstoreS3, map[string]string{"endpoint": "https://s3.example.com/b?x", "bucket": "b"}, []string{"endpoint"}},
		{kindBlobstoreS3, map[string]string{"endpoint": "s3.example.com", "bucket": "b", "path-style": "yes"}, []string{"endpoint", "path-style"}},
	} {
		err := Find(test.kind).check(&Config{Values: test.values, Secrets: secrets, Component: "cart"})
		if diff := cmp.Diff(test.faults, faulty(t, err)); diff != "" {
			t.Errorf("%s %v: %v: faults (-want +got):\n%s", test.kind, test.values, err, diff)
		}
		if err != nil && strings.Contains(err.Error(), "secret%zz") {
			t.Errorf("%s: a password is in the error: %v", test.kind, err)
		}
	}
}

// Secrets are what keys ask for, or have the names of wasmCloud, and what has no prefix
// has its own.
func TestStoreSecrets(t *testing.T) {
	lookup := func(name string) (string, bool) { return "<" + name + ">", true }
	r, err := ParseKeyValueRedis(&Config{Values: map[string]string{"password": "${secret:p}"}, Secrets: []string{"p", "url"}})
	if err != nil {
		t.Fatal(err)
	}
	password, err1 := r.Password.Reveal(lookup)
	url, err2 := r.URL.Reveal(lookup)
	if password != "<p>" || url != "<url>" || err1 != nil || err2 != nil || !r.Own {
		t.Errorf("password %q, url %q, own prefix %v; %v, %v", password, url, r.Own, err1, err2)
	}
	r, err = ParseKeyValueRedis(&Config{Values: map[string]string{"url": "redis://h", "prefix": ""}})
	if err != nil || r.Own || r.Prefix != "" {
		t.Errorf("an empty prefix: %+v, %v", r, err)
	}
}

// Whatever a configuration says, it is read or at fault, and what is read can be used.
func FuzzStores(f *testing.F) {
	f.Add(uint8(0), "bucket", "a", "max-value", "1KiB")
	f.Add(uint8(1), "url", "rediss://a:${secret:password}@h:1/2", "prefix", "x")
	f.Add(uint8(1), "url", "redis://[::1", "tls-ca", "x")
	f.Add(uint8(3), "endpoint", "https://h", "bucket", "b")
	all := []*Kind{keyvalueNATS, keyvalueRedis, blobstoreNATS, blobstoreS3}
	f.Fuzz(func(t *testing.T, kind uint8, key1, value1, key2, value2 string) {
		k := all[int(kind)%len(all)]
		c := &Config{Values: map[string]string{key1: value1, key2: value2}, Secrets: []string{"password"}, Component: "cart"}
		err := k.check(c)
		if err != nil {
			faulty(t, err)
			return
		}
		switch k.Name {
		case kindKeyValueNATS:
			if n, _ := ParseKeyValueNATS(c); n.MaxValue < 1 || n.MaxValue > natsValue || n.TimeoutMillis < leastTimeout || len(n.Bucket) > maxStoreName || strings.ContainsAny(n.Bucket, "*> /") {
				t.Errorf("%v is %+v", c.Values, n)
			}
		case kindKeyValueRedis:
			if r, _ := ParseKeyValueRedis(c); r.URL.Empty() || len(r.Prefix) > maxStorePrefix || r.Connections < 1 {
				t.Errorf("%v is %+v", c.Values, r)
			}
		case kindBlobstoreNATS:
			if n, _ := ParseBlobstoreNATS(c); n.MaxObject < 1 || n.MaxObject > natsObject || strings.ContainsAny(n.Bucket, "*> /") {
				t.Errorf("%v is %+v", c.Values, n)
			}
		case kindBlobstoreS3:
			if s, _ := ParseBlobstoreS3(c); s.Bucket == "" || !strings.HasPrefix(s.Endpoint, "http") && !strings.HasPrefix(strings.ToLower(s.Endpoint), "http") {
				t.Errorf("%v is %+v", c.Values, s)
			}
		}
	})
}
