package wire_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// fuzzForm decodes what the fuzzer has. What is taken must be JSON to everybody
// else, and come back the same after it was encoded.
func fuzzForm(f *testing.F, name string) {
	var tested form
	for _, form := range forms() {
		data, err := form.encode(form.value)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		if form.name == name {
			tested = form
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		kept := bytes.Clone(data)
		value, err := tested.decode(data)
		if !bytes.Equal(kept, data) {
			t.Fatal("the decoder changed its input")
		}
		if err != nil {
			if !errors.Is(err, lattice.ErrInvalid) {
				t.Fatalf("error is %v, want ErrInvalid", err)
			}
			return
		}
		if !json.Valid(data) {
			t.Fatalf("%q was taken and is no JSON", data)
		}
		again, err := tested.encode(value)
		if errors.Is(err, lattice.ErrExhausted) {
			return // escapes made it longer
		}
		if err != nil {
			t.Fatalf("%q was taken and is not encoded: %v", data, err)
		}
		if back, err := tested.decode(again); err != nil {
			t.Fatalf("%q was taken and %q is not: %v", data, again, err)
		} else if diff := cmp.Diff(value, back, cmp.Comparer(sameJSON)); diff != "" {
			t.Fatalf("%q and %q (-first +second):\n%s", data, again, diff)
		}
	})
}

// sameJSON compares what is any JSON, which an encoder writes without blanks.
func sameJSON(a, b json.RawMessage) bool {
	if bytes.Equal(a, b) {
		return true
	}
	var x, y bytes.Buffer
	if json.Compact(&x, a) != nil || json.Compact(&y, b) != nil {
		return false
	}
	var s, u bytes.Buffer
	json.HTMLEscape(&s, x.Bytes())
	json.HTMLEscape(&u, y.Bytes())
	return bytes.Equal(s.Bytes(), u.Bytes())
}

func FuzzDesired(f *testing.F)       { fuzzForm(f, "desired") }
func FuzzAssignment(f *testing.F)    { fuzzForm(f, "assignment") }
func FuzzReady(f *testing.F)         { fuzzForm(f, "ready") }
func FuzzHostReport(f *testing.F)    { fuzzForm(f, "report") }
func FuzzLink(f *testing.F)          { fuzzForm(f, "link") }
func FuzzConfig(f *testing.F)        { fuzzForm(f, "config") }
func FuzzEvent(f *testing.F)         { fuzzForm(f, "event") }
func FuzzReply(f *testing.F)         { fuzzForm(f, "reply") }
func FuzzSecretRequest(f *testing.F) { fuzzForm(f, "secret-request") }
func FuzzSealKey(f *testing.F)       { fuzzForm(f, "seal-key") }
func FuzzSecretAnswer(f *testing.F)  { fuzzForm(f, "secret-answer") }
func FuzzSigned(f *testing.F)        { fuzzForm(f, "signed") }

func FuzzNormalRoute(f *testing.F) {
	f.Add("Example.COM.", "/a/b/")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, host, path string) {
		once, err := wire.NormalRoute(lattice.Route{Host: host, Path: path})
		if err != nil {
			return
		}
		if twice, err := wire.NormalRoute(once); err != nil || twice != once {
			t.Errorf("NormalRoute(%q, %q) = %v, and of that %v, %v", host, path, once, twice, err)
		}
	})
}

func FuzzReadyKey(f *testing.F) {
	f.Add(wire.ReadyKey(hostA, "cart"))
	f.Fuzz(func(t *testing.T, key string) {
		if h, c, err := wire.ParseReadyKey(key); err == nil && wire.ReadyKey(h, c) != key {
			t.Errorf("ParseReadyKey(%q) = %q, %q", key, h, c)
		}
	})
}
