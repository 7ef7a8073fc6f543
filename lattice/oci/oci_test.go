package oci_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/oci"
)

// serve starts a registry and returns its name. wrap may be nil.
func serve(t *testing.T, wrap func(http.Handler) http.Handler) string {
	t.Helper()
	h := registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithReferrersSupport(true))
	if wrap != nil {
		h = wrap(h)
	}
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

func client(t *testing.T, opts *oci.Options) *oci.Client {
	t.Helper()
	c, err := oci.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func reference(t *testing.T, text string) oci.Reference {
	t.Helper()
	r, err := oci.ParseReference(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func sum(data []byte) string {
	s := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(s[:])
}

var wasm = []byte("\x00asm\x0d\x00\x01\x00 and so on")

func TestParseReference(t *testing.T) {
	d := "sha256:" + strings.Repeat("0a", 32)
	for text, want := range map[string]oci.Reference{
		"ghcr.io/a/b:1.0":              {Registry: "ghcr.io", Repository: "a/b", Tag: "1.0"},
		"oci://ghcr.io/a/b:1.0":        {Registry: "ghcr.io", Repository: "a/b", Tag: "1.0"},
		"localhost:5000/b:x@" + d:      {Registry: "localhost:5000", Repository: "b", Tag: "x", Digest: d},
		"127.0.0.1:5000/team/b@" + d:   {Registry: "127.0.0.1:5000", Repository: "team/b", Digest: d},
		"registry.example.com/x_y/z:A": {Registry: "registry.example.com", Repository: "x_y/z", Tag: "A"},
	} {
		got, err := oci.ParseReference(text)
		if err != nil || got != want {
			t.Errorf("ParseReference(%q) = %+v, %v; want %+v", text, got, err, want)
		}
		if again := strings.TrimPrefix(text, "oci://"); got.String() != again {
			t.Errorf("%q comes back as %q", again, got)
		}
	}
	for _, text := range []string{
		"", "tool:1", "a/b:1", "ghcr.io/a/b", "ghcr.io/a/b:", "ghcr.io/A/b:1", "ghcr.io/a/b@sha256:12", "ghcr.io/a/b@md5:" + strings.Repeat("0", 32),
		"https://ghcr.io/a/b:1", "ghcr.io/../b:1", "ghcr.io/a b:1", "ghcr.io/a/b:1\n", "file:///tmp/x.wasm", "ghcr.io/" + strings.Repeat("a", 2000) + ":1",
	} {
		if got, err := oci.ParseReference(text); !errors.Is(err, lattice.ErrInvalid) {
			t.Errorf("ParseReference(%q) = %+v, %v; want an error", text, got, err)
		}
	}
}

func FuzzParseReference(f *testing.F) {
	f.Add("ghcr.io/a/b:1.0@sha256:" + strings.Repeat("0a", 32))
	f.Add("oci://localhost:5000/b:x")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := oci.ParseReference(text)
		if err != nil {
			return
		}
		if again, err := oci.ParseReference(r.String()); err != nil || again != r {
			t.Errorf("%q is %+v, whose text is %q: %+v, %v", text, r, r, again, err)
		}
	})
}

// What is pushed comes back, by tag and by digest, and the same binary is the same
// artifact.
func TestPushAndFetch(t *testing.T) {
	at := serve(t, nil)
	c := client(t, nil)
	ref := reference(t, at+"/team/tool:1.0")
	about := &oci.About{Imports: []string{"wasi:io/streams@0.2.0"}, Exports: []string{"a:b/c"}, Annotations: map[string]string{"org.opencontainers.image.licenses": "MIT"}}
	pushed, err := c.Push(t.Context(), ref, wasm, about)
	if err != nil {
		t.Fatal(err)
	}
	again, err := c.Push(t.Context(), ref, wasm, about)
	if err != nil || again.Ref != pushed.Ref {
		t.Errorf("pushed again: %v, %v; want %v", again, err, pushed.Ref)
	}
	for _, text := range []string{at + "/team/tool:1.0", pushed.Ref, "oci://" + pushed.Ref} {
		a, got, err := c.Fetch(t.Context(), reference(t, text))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, wasm) || a.Digest != sum(wasm) || a.Size != int64(len(wasm)) {
			t.Errorf("%s: %q, %+v", text, got, a)
		}
		if d := cmp.Diff(about.Annotations, a.Annotations); d != "" {
			t.Errorf("%s: annotations %s", text, d)
		}
		if err := a.Verify(sum(wasm)); err != nil {
			t.Error(err)
		}
	}
	tags, err := c.Tags(t.Context(), ref, 10)
	if err != nil || !cmp.Equal(tags, []string{"1.0"}) {
		t.Errorf("tags %q, %v", tags, err)
	}
}

// The form is that of the Wasm OCI Artifact layout.
func TestLayout(t *testing.T) {
	at := serve(t, nil)
	a, err := client(t, nil).Push(t.Context(), reference(t, at+"/tool:1"), wasm, &oci.About{Exports: []string{"a:b/c"}})
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		SchemaVersion int
		MediaType     string
		Config        struct{ MediaType, Digest string }
		Layers        []struct{ MediaType, Digest string }
	}
	if err := json.Unmarshal(a.Manifest, &m); err != nil {
		t.Fatal(err)
	}
	if m.SchemaVersion != 2 || m.Config.MediaType != "application/vnd.wasm.config.v0+json" || len(m.Layers) != 1 || m.Layers[0].MediaType != "application/wasm" {
		t.Errorf("manifest %s", a.Manifest)
	}
	text := get(t, "http://"+at+"/v2/tool/blobs/"+m.Config.Digest)
	want := `{"architecture":"wasm","os":"wasip2","layerDigests":["` + sum(wasm) + `"],"component":{"exports":["a:b/c"],"imports":[]}}`
	if string(text) != want {
		t.Errorf("config %s, want %s", text, want)
	}
}

func get(t *testing.T, url string) []byte {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// put stores something in a registry, as any other program might.
func put(t *testing.T, url, contentType string, data []byte) {
	t.Helper()
	method := http.MethodPut
	if strings.Contains(url, "/blobs/uploads/") {
		method, url = http.MethodPost, url+"?digest="+sum(data)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		t.Fatalf("%s %s: %s", method, url, resp.Status)
	}
}

// image stores an image with one layer.
func image(t *testing.T, at, tag, layerType string, data []byte, extra map[string]any) []byte {
	t.Helper()
	put(t, "http://"+at+"/v2/tool/blobs/uploads/", "application/octet-stream", data)
	put(t, "http://"+at+"/v2/tool/blobs/uploads/", "application/octet-stream", []byte("{}"))
	m := map[string]any{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
		"config": map[string]any{"mediaType": "application/vnd.oci.empty.v1+json", "digest": sum([]byte("{}")), "size": 2},
		"layers": []any{map[string]any{"mediaType": layerType, "digest": sum(data), "size": len(data), "annotations": extra["annotations"]}},
	}
	for k, v := range extra {
		if k != "annotations" {
			m[k] = v
		}
	}
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	put(t, "http://"+at+"/v2/tool/manifests/"+tag, "application/vnd.oci.image.manifest.v1+json", text)
	return text
}

func TestMediaTypes(t *testing.T) {
	at := serve(t, nil)
	for i, layer := range oci.LayerTypes() {
		tag := fmt.Sprint("ok", i)
		image(t, at, tag, layer, wasm, nil)
		if _, got, err := client(t, nil).Fetch(t.Context(), reference(t, at+"/tool:"+tag)); err != nil || !bytes.Equal(got, wasm) {
			t.Errorf("%s: %q, %v", layer, got, err)
		}
	}
	image(t, at, "tar", "application/vnd.oci.image.layer.v1.tar+gzip", wasm, nil)
	if _, _, err := client(t, nil).Fetch(t.Context(), reference(t, at+"/tool:tar")); !errors.Is(err, lattice.ErrInvalid) || !strings.Contains(err.Error(), "WebAssembly") {
		t.Errorf("a container image: %v", err)
	}
}

// What a registry, or something on the way, has changed is refused.
func TestChangedByte(t *testing.T) {
	for _, what := range []string{"blobs", "manifests"} {
		at := serve(t, func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "/"+what+"/sha256:") {
					next.ServeHTTP(w, r)
					return
				}
				rec := httptest.NewRecorder()
				next.ServeHTTP(rec, r)
				maps.Copy(w.Header(), rec.Header())
				data := rec.Body.Bytes()
				data[len(data)-2] ^= 1
				w.WriteHeader(rec.Code)
				_, _ = w.Write(data)
			})
		})
		c := client(t, nil)
		a, err := c.Push(t.Context(), reference(t, at+"/tool:1"), wasm, &oci.About{})
		if err != nil {
			t.Fatal(err)
		}
		if _, got, err := c.Fetch(t.Context(), reference(t, a.Ref)); err == nil {
			t.Errorf("%s: %q", what, got)
		}
	}
}

func TestErrors(t *testing.T) {
	at := serve(t, nil)
	c := client(t, nil)
	if _, err := c.Resolve(t.Context(), reference(t, at+"/none:1")); !errors.Is(err, lattice.ErrNotFound) {
		t.Errorf("an image that is not there: %v", err)
	}
	closed := httptest.NewServer(nil)
	closed.Close()
	if _, err := c.Resolve(t.Context(), reference(t, strings.TrimPrefix(closed.URL, "http://")+"/none:1")); !errors.Is(err, lattice.ErrUnavailable) {
		t.Errorf("a registry that is not there: %v", err)
	}
}

// Credentials are taken from the file, and kept there; without them the error says what
// to do.
func TestLogin(t *testing.T) {
	const user, password = "ada", "canary-4711"
	at := serve(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if u, p, ok := r.BasicAuth(); !ok || u != user || p != password {
				w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	file := filepath.Join(t.TempDir(), "config.json")
	ref := reference(t, at+"/tool:1")
	if _, err := client(t, nil).Push(t.Context(), ref, wasm, &oci.About{}); !errors.Is(err, lattice.ErrDenied) || !strings.Contains(err.Error(), "wattle registry login "+at) {
		t.Errorf("without credentials: %v", err)
	}
	c := client(t, &oci.Options{AuthFiles: []string{file}})
	if err := c.Login(t.Context(), at, user, "wrong"+password); !errors.Is(err, lattice.ErrDenied) || strings.Contains(err.Error(), password) {
		t.Errorf("with the wrong password: %v", err)
	}
	if err := c.Login(t.Context(), at, user, password); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "none.json")
	if _, err := client(t, &oci.Options{AuthFiles: []string{other, file}}).Push(t.Context(), ref, wasm, &oci.About{}); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info.Mode(), err)
	}
	if err := c.Logout(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	if _, err := client(t, &oci.Options{AuthFiles: []string{file}}).Resolve(t.Context(), ref); !errors.Is(err, lattice.ErrDenied) {
		t.Errorf("after logging out: %v", err)
	}
}

func TestMirrors(t *testing.T) {
	mirror, origin := serve(t, nil), serve(t, nil)
	c := client(t, nil)
	if _, err := c.Push(t.Context(), reference(t, mirror+"/cache/tool:1"), wasm, &oci.About{}); err != nil {
		t.Fatal(err)
	}
	other := append([]byte{}, wasm...)
	other[5]++
	if _, err := c.Push(t.Context(), reference(t, origin+"/team/other:1"), other, &oci.About{}); err != nil {
		t.Fatal(err)
	}
	all, err := oci.ParseRegistries(fmt.Sprintf(`
unqualified-search-registries = ["docker.io"]

[[registry]]
prefix = "registry.example.com/team"
location = %q

[[registry.mirror]]
location = %q

[[registry]]
location = "blocked.example.com"
blocked = true
`, origin+"/team", mirror+"/cache"))
	if err != nil {
		t.Fatal(err)
	}
	c = client(t, &oci.Options{Registries: all})
	if _, got, err := c.Fetch(t.Context(), reference(t, "registry.example.com/team/tool:1")); err != nil || !bytes.Equal(got, wasm) {
		t.Errorf("what the mirror has: %q, %v", got, err)
	}
	if _, got, err := c.Fetch(t.Context(), reference(t, "registry.example.com/team/other:1")); err != nil || !bytes.Equal(got, other) {
		t.Errorf("what the mirror lacks: %q, %v", got, err)
	}
	if _, err := c.Resolve(t.Context(), reference(t, "blocked.example.com/x:1")); !errors.Is(err, lattice.ErrDenied) {
		t.Errorf("what is blocked: %v", err)
	}
	for _, bad := range []string{"[[registry]]\n", "[[registry]]\nprefix = 3\n", "[[registry]]\nprefix=\"a\"\n[[registry.mirror]]\n", "= ="} {
		if _, err := oci.ParseRegistries(bad); !errors.Is(err, lattice.ErrInvalid) {
			t.Errorf("ParseRegistries(%q): %v", bad, err)
		}
	}
}

// keys are a key of each kind, and how it signs.
func keys(t *testing.T) map[string]crypto.Signer {
	t.Helper()
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rs, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]crypto.Signer{"ECDSA": p256, "Ed25519": ed, "RSA": rs}
}

func public(t *testing.T, k crypto.Signer) oci.Key {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(k.Public())
	if err != nil {
		t.Fatal(err)
	}
	key, err := oci.ParseKey(string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t *testing.T, k crypto.Signer, data []byte) []byte {
	t.Helper()
	hash, digest := crypto.SHA256, sha256.Sum256(data)
	in := digest[:]
	if _, ok := k.(ed25519.PrivateKey); ok {
		hash, in = 0, data
	}
	sig, err := k.Sign(rand.Reader, in, hash)
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

// simple signs a manifest as cosign does with a tag beside it.
func simple(t *testing.T, at, digest string, k crypto.Signer) {
	t.Helper()
	payload := []byte(`{"critical":{"identity":{"docker-reference":"x"},"image":{"docker-manifest-digest":"` + digest + `"},"type":"cosign container image signature"},"optional":null}`)
	image(t, at, strings.Replace(digest, ":", "-", 1)+".sig", "application/vnd.dev.cosign.simplesigning.v1+json", payload,
		map[string]any{"annotations": map[string]string{"dev.cosignproject.cosign/signature": base64.StdEncoding.EncodeToString(sign(t, k, payload))}})
}

// bundle signs a manifest as cosign does with a bundle that refers to it.
func bundle(t *testing.T, at string, manifest []byte, predicate string, k crypto.Signer) {
	t.Helper()
	payload := []byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"` + strings.TrimPrefix(sum(manifest), "sha256:") + `"}}],"predicateType":"` + predicate + `"}`)
	const payloadType = "application/vnd.in-toto+json"
	signed := fmt.Sprintf("DSSEv1 %d %s %d %s", len(payloadType), payloadType, len(payload), payload)
	text, err := json.Marshal(map[string]any{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "dsseEnvelope": map[string]any{
		"payload": payload, "payloadType": payloadType, "signatures": []any{map[string]any{"sig": sign(t, k, []byte(signed))}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	image(t, at, "sha256-bundle", "application/vnd.dev.sigstore.bundle.v0.3+json", text, map[string]any{
		"artifactType": "application/vnd.dev.sigstore.bundle.v0.3+json",
		"subject":      map[string]any{"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": sum(manifest), "size": len(manifest)},
	})
}

const cosignPredicate = "https://sigstore.dev/cosign/sign/v1"

func TestSignatures(t *testing.T) {
	all := keys(t)
	for kind, k := range all {
		for _, how := range []string{"simple", "bundle", "attestation", "other"} {
			t.Run(kind+"/"+how, func(t *testing.T) {
				at := serve(t, nil)
				c := client(t, nil)
				a, err := c.Push(t.Context(), reference(t, at+"/tool:1"), wasm, &oci.About{})
				if err != nil {
					t.Fatal(err)
				}
				switch how {
				case "simple":
					simple(t, at, sum(a.Manifest), k)
				case "bundle":
					bundle(t, at, a.Manifest, cosignPredicate, k)
				case "attestation":
					bundle(t, at, a.Manifest, "https://slsa.dev/provenance/v1", k)
				case "other": // the signature of another image
					simple(t, at, sum([]byte("other")), k)
					moved := get(t, "http://"+at+"/v2/tool/manifests/"+strings.Replace(sum([]byte("other")), ":", "-", 1)+".sig")
					put(t, "http://"+at+"/v2/tool/manifests/"+strings.Replace(sum(a.Manifest), ":", "-", 1)+".sig", "application/vnd.oci.image.manifest.v1+json", moved)
				}
				if a, err = c.Resolve(t.Context(), reference(t, at+"/tool:1")); err != nil {
					t.Fatal(err)
				}
				if len(a.Signatures) != 1 {
					t.Fatalf("%d signatures", len(a.Signatures))
				}
				text, err := a.Encode()
				if err != nil {
					t.Fatal(err)
				}
				p, err := oci.DecodeProvenance(text)
				if err != nil {
					t.Fatal(err)
				}
				policy := func(k crypto.Signer) *oci.Policy {
					return &oci.Policy{Rules: []oci.Rule{{Match: at + "/", Keys: []oci.Key{public(t, k)}}}}
				}
				err = policy(k).Allows(sum(wasm), p)
				if good := how == "simple" || how == "bundle"; good != (err == nil) {
					t.Errorf("the key's: %v", err)
				}
				for other, k := range all {
					if other == kind {
						continue
					}
					if err := policy(k).Allows(sum(wasm), p); !errors.Is(err, lattice.ErrDenied) {
						t.Errorf("by the key of %s: %v", other, err)
					}
				}
				if err := policy(k).Allows(sum([]byte("other")), p); !errors.Is(err, lattice.ErrInvalid) {
					t.Errorf("another binary: %v", err)
				}
			})
		}
	}
}

func TestPolicy(t *testing.T) {
	at := serve(t, nil)
	a, err := client(t, nil).Push(t.Context(), reference(t, at+"/team/tool:1"), wasm, &oci.About{})
	if err != nil {
		t.Fatal(err)
	}
	p := &a.Provenance
	for _, test := range []struct {
		name  string
		rules []oci.Rule
		p     *oci.Provenance
		ok    bool
	}{
		{"no policy", nil, p, true},
		{"no policy, file", nil, nil, true},
		{"unsigned is fine", []oci.Rule{{Match: at + "/team/", Unsigned: true}}, p, true},
		{"the repository by name", []oci.Rule{{Match: at + "/team/tool", Unsigned: true}}, p, true},
		{"with a star", []oci.Rule{{Match: at + "/*", Unsigned: true}}, p, true},
		{"part of a name", []oci.Rule{{Match: at + "/team/to", Unsigned: true}}, p, false},
		{"another", []oci.Rule{{Match: "ghcr.io/", Unsigned: true}}, p, false},
		{"refused", []oci.Rule{{Match: at + "/"}, {Match: "*", Unsigned: true}}, p, false},
		{"file", []oci.Rule{{Match: oci.File, Unsigned: true}}, nil, true},
		{"file where none may be", []oci.Rule{{Match: at + "/", Unsigned: true}}, nil, false},
		{"no signature", []oci.Rule{{Match: "*", Keys: []oci.Key{public(t, keys(t)["ECDSA"])}, Unsigned: true}}, p, false},
	} {
		err := (&oci.Policy{Rules: test.rules}).Allows(sum(wasm), test.p)
		if (err == nil) != test.ok || err != nil && !errors.Is(err, lattice.ErrDenied) {
			t.Errorf("%s: %v, want allowed %v", test.name, err, test.ok)
		}
	}
}

func TestParseKey(t *testing.T) {
	short, err := rsa.GenerateKey(rand.Reader, 1024) //nolint:gosec // it is to be refused
	if err != nil {
		t.Skip("RSA keys this short cannot be made")
	}
	der, err := x509.MarshalPKIXPublicKey(short.Public())
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "key", string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))} {
		if _, err := oci.ParseKey(text); !errors.Is(err, lattice.ErrInvalid) {
			t.Errorf("ParseKey(%q): %v", text, err)
		}
	}
}

func FuzzProvenance(f *testing.F) {
	f.Add([]byte(`{"ref":"ghcr.io/a/b:1@sha256:` + strings.Repeat("0a", 32) + `","manifest":"e30=","signatures":[{"payload":"e30=","signature":"AA=="}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := oci.DecodeProvenance(data)
		if err != nil {
			return
		}
		if err := (&oci.Policy{Rules: []oci.Rule{{Match: "*", Keys: make([]oci.Key, 1)}}}).Allows(sum(wasm), p); err == nil {
			t.Errorf("%s is allowed by a key that signs nothing", data)
		}
	})
}

func TestParsePolicy(t *testing.T) {
	der, err := x509.MarshalPKIXPublicKey(keys(t)["ECDSA"].Public())
	if err != nil {
		t.Fatal(err)
	}
	key, err := json.Marshal(string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))
	if err != nil {
		t.Fatal(err)
	}
	p, err := oci.ParsePolicy(`{"rules": [{"match": "ghcr.io/acme/", "keys": [` + string(key) + `]}, {"match": "file", "unsigned": true}]}`)
	if err != nil || len(p.Rules) != 2 || len(p.Rules[0].Keys) != 1 || !p.Rules[1].Unsigned {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err := oci.ParsePolicy(""); err != nil || len(p.Rules) != 0 {
		t.Errorf("no policy: %+v, %v", p, err)
	}
	for _, text := range []string{
		"{", "{}", `{"rules": []}`, `{"rules": [{}]}`, `{"rules": [{"match": "*", "key": []}]}`, `{"rules": [{"match": "*", "keys": ["x"]}]}`,
		`{"rules": [{"match": "*", "unsigned": true, "keys": [` + string(key) + `]}]}`, `{"rules": [{"match": "*"}]} {}`, strings.Repeat(" ", 70_000),
	} {
		if _, err := oci.ParsePolicy(text); !errors.Is(err, lattice.ErrInvalid) {
			t.Errorf("ParsePolicy(%.60q): %v", text, err)
		}
	}
}

func FuzzParsePolicy(f *testing.F) {
	f.Add(`{"rules": [{"match": "*", "unsigned": true}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := oci.ParsePolicy(text)
		if err == nil && text != "" && len(p.Rules) == 0 {
			t.Errorf("%q allows all", text)
		}
	})
}

// The layers of an image of files are what their digests say, and the policy counts for
// them as well.
func TestLayers(t *testing.T) {
	at := serve(t, nil)
	data := bytes.Repeat([]byte("a layer "), 10_000)
	text := image(t, at, "1", "application/vnd.oci.image.layer.v1.tar", data, nil)
	c, ref := client(t, nil), reference(t, at+"/tool@"+sum(text))
	layers, err := c.Layers(t.Context(), ref, &oci.Policy{}, "")
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers, %v", len(layers), err)
	}
	got, err := io.ReadAll(layers[0])
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if err := layers[0].Close(); err != nil {
		t.Error(err)
	}
	if _, err := c.Layers(t.Context(), reference(t, at+"/tool:1"), &oci.Policy{}, ""); !errors.Is(err, lattice.ErrInvalid) {
		t.Errorf("by a tag: %v", err)
	}
	key := keys(t)["ECDSA"]
	policy := &oci.Policy{Rules: []oci.Rule{{Match: "*", Keys: []oci.Key{public(t, key)}}}}
	if _, err := c.Layers(t.Context(), ref, policy, ""); !errors.Is(err, lattice.ErrDenied) {
		t.Errorf("unsigned: %v", err)
	}
	simple(t, at, sum(text), key)
	if layers, err = c.Layers(t.Context(), ref, policy, ""); err != nil {
		t.Fatalf("signed: %v", err)
	}
	_ = layers[0].Close()
}

// What a registry sends is bounded, whatever it says.
func TestBounds(t *testing.T) {
	at := serve(t, nil)
	c := client(t, nil)
	large := `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","annotations":{"a":"` + strings.Repeat("x", oci.MaxManifest) + `"}}`
	put(t, "http://"+at+"/v2/tool/manifests/large", "application/vnd.oci.image.manifest.v1+json", []byte(large))
	layer := func(n int, size int64) string {
		one := fmt.Sprintf(`{"mediaType":"application/wasm","digest":%q,"size":%d}`, sum(wasm), size)
		return `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","layers":[` + one + strings.Repeat(","+one, n-1) + `]}`
	}
	put(t, "http://"+at+"/v2/tool/blobs/uploads/", "application/octet-stream", wasm)
	for tag, text := range map[string]string{"binary": layer(1, oci.MaxBinary+1), "size": layer(1, int64(len(wasm))+1), "two": layer(2, int64(len(wasm))), "layers": layer(oci.MaxLayers+1, 1), "layer": layer(1, oci.MaxLayer+1)} {
		put(t, "http://"+at+"/v2/tool/manifests/"+tag, "application/vnd.oci.image.manifest.v1+json", []byte(text))
		switch tag {
		case "layers", "layer":
			if _, err := c.Layers(t.Context(), reference(t, at+"/tool@"+sum([]byte(text))), &oci.Policy{}, ""); !errors.Is(err, lattice.ErrInvalid) {
				t.Errorf("%s: %v", tag, err)
			}
		default:
			if _, _, err := c.Fetch(t.Context(), reference(t, at+"/tool:"+tag)); err == nil {
				t.Errorf("%s: no error", tag)
			}
		}
	}
	if _, err := c.Resolve(t.Context(), reference(t, at+"/tool:large")); err == nil {
		t.Error("a manifest that is too large")
	}
	p := &oci.Provenance{Ref: at + "/tool:1", Signatures: make([]oci.Signature, oci.MaxSignatures+1)}
	data, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := oci.DecodeProvenance(data); !errors.Is(err, lattice.ErrInvalid) {
		t.Errorf("%d signatures: %v", oci.MaxSignatures+1, err)
	}
}
