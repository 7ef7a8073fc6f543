package cli_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/rogpeppe/go-internal/testscript"
)

// cmdRegistry starts a registry for OCI artifacts, whose name is $REGISTRY, and puts that
// in the place of REGISTRY in the script's manifests.
func cmdRegistry(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 0 || neg {
		ts.Fatalf("usage: registry")
	}
	s := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithReferrersSupport(true)))
	ts.Defer(s.Close)
	name := strings.TrimPrefix(s.URL, "http://")
	ts.Setenv("REGISTRY", name)
	manifests, err := filepath.Glob(ts.MkAbs("*.yaml"))
	ts.Check(err)
	for _, file := range manifests {
		text, err := os.ReadFile(file)
		ts.Check(err)
		ts.Check(os.WriteFile(file, bytes.ReplaceAll(text, []byte("REGISTRY"), []byte(name)), 0o600))
	}
}

// cmdWeb starts a web server that has the examples, and one redirect to plain http.
func cmdWeb(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 0 || neg {
		ts.Fatalf("usage: web")
	}
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServer(http.Dir(ts.Getenv("EXAMPLES"))))
	mux.Handle("/redirect", http.RedirectHandler("http://example.com/hello.wasm", http.StatusFound))
	s := httptest.NewServer(mux)
	ts.Defer(s.Close)
	ts.Setenv("WEB", s.URL)
	ts.Setenv("WRONG", s.URL+"/hello-http/hello.wasm#sha256:"+strings.Repeat("0", 64)) // scripts take # for the beginning of a remark
	ts.Setenv("ODD", s.URL+"/hello-http/hello.wasm#1")
}

// cmdSign signs an image of the registry as `cosign sign --key` does, with a key of its
// own, and writes the policy that wants it.
func cmdSign(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 || neg {
		ts.Fatalf("usage: sign REPOSITORY TAG POLICY")
	}
	repo, tag, policy := args[0], args[1], ts.MkAbs(args[2])
	base := "http://" + ts.Getenv("REGISTRY") + "/v2/" + repo
	digest := ociRequest(ts, http.MethodHead, base+"/manifests/"+tag, "", nil).Header.Get("Docker-Content-Digest")
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	payload := []byte(`{"critical":{"identity":{"docker-reference":""},"image":{"docker-manifest-digest":"` + digest + `"},"type":"cosign container image signature"},"optional":null}`)
	sum := sha256.Sum256(payload)
	sig, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	ts.Check(err)
	for _, blob := range [][]byte{payload, []byte("{}")} {
		ociRequest(ts, http.MethodPost, base+"/blobs/uploads/?digest="+sha(blob), "application/octet-stream", blob)
	}
	manifest, err := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
		"config": map[string]any{"mediaType": "application/vnd.oci.empty.v1+json", "digest": sha([]byte("{}")), "size": 2},
		"layers": []any{map[string]any{
			"mediaType": "application/vnd.dev.cosign.simplesigning.v1+json", "digest": sha(payload), "size": len(payload),
			"annotations": map[string]string{"dev.cosignproject.cosign/signature": base64.StdEncoding.EncodeToString(sig)},
		}},
	})
	ts.Check(err)
	ociRequest(ts, http.MethodPut, base+"/manifests/"+strings.Replace(digest, ":", "-", 1)+".sig", "application/vnd.oci.image.manifest.v1+json", manifest)
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	ts.Check(err)
	text, err := json.Marshal(map[string]any{"rules": []any{map[string]any{
		"match": ts.Getenv("REGISTRY") + "/", "keys": []string{string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))},
	}}})
	ts.Check(err)
	ts.Check(os.WriteFile(policy, text, 0o600))
}

func sha(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// ociRequest asks the registry.
func ociRequest(ts *testscript.TestScript, method, url, contentType string, body []byte) *http.Response {
	r, err := http.NewRequest(method, url, bytes.NewReader(body))
	ts.Check(err)
	r.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(r)
	ts.Check(err)
	_ = resp.Body.Close()
	if resp.StatusCode >= http.StatusBadRequest {
		ts.Fatalf("%s %s: %s", method, url, resp.Status)
	}
	return resp
}
