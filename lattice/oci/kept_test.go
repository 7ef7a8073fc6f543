package oci_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/oci"
)

// An image that is kept is there without its registry, for as long as it is what it was
// and the policy allows it.
func TestKept(t *testing.T) {
	var away atomic.Bool
	var asked atomic.Int64
	at := serve(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			if away.Load() {
				http.Error(w, "away", http.StatusForbidden)
				return
			}
			h.ServeHTTP(w, r)
		})
	})
	data := bytes.Repeat([]byte("a layer "), 10_000)
	text := image(t, at, "1", "application/vnd.oci.image.layer.v1.tar", data, nil)
	c, ref, dir := client(t, nil), reference(t, at+"/tool@"+sum(text)), t.TempDir()
	open := func(ref oci.Reference, policy *oci.Policy) error {
		layers, err := c.Layers(t.Context(), ref, policy, dir)
		if err != nil {
			return err
		}
		if len(layers) != 1 {
			t.Fatalf("%d layers", len(layers))
		}
		got, err := io.ReadAll(layers[0])
		if err := errors.Join(err, layers[0].Close()); err != nil {
			return err
		}
		if !bytes.Equal(got, data) {
			t.Errorf("%d bytes, want %d others", len(got), len(data))
		}
		return nil
	}
	all := &oci.Policy{}
	if err := open(ref, all); err != nil {
		t.Fatal(err)
	}
	before := asked.Load()
	if err := open(ref, all); err != nil || asked.Load() != before {
		t.Errorf("what is kept: %v, the registry was asked %d times", err, asked.Load()-before)
	}

	// Signatures that the image has only got since are found.
	key := keys(t)["ECDSA"]
	signed := &oci.Policy{Rules: []oci.Rule{{Match: "*", Keys: []oci.Key{public(t, key)}}}}
	if err := open(ref, signed); !errors.Is(err, lattice.ErrDenied) {
		t.Errorf("unsigned: %v", err)
	}
	simple(t, at, sum(text), key)
	if err := open(ref, signed); err != nil {
		t.Errorf("signed: %v", err)
	}

	away.Store(true)
	for name, policy := range map[string]*oci.Policy{"all": all, "signed": signed} {
		if err := open(ref, policy); err != nil {
			t.Errorf("without a registry, policy %s: %v", name, err)
		}
	}
	if err := open(reference(t, at+"/other@"+sum(text)), all); !errors.Is(err, lattice.ErrDenied) {
		t.Errorf("the same image by another name is given without its registry: %v", err)
	}
	other := &oci.Policy{Rules: []oci.Rule{{Match: "*", Keys: []oci.Key{public(t, keys(t)["ECDSA"])}}}}
	if err := open(ref, other); !errors.Is(err, lattice.ErrDenied) {
		t.Errorf("not signed by the key of the policy: %v", err)
	}

	// What has changed on disk is not used, and is fetched again.
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 2 {
		t.Fatalf("kept are %q, %v", files, err)
	}
	for _, file := range files {
		kept, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for name, changed := range map[string][]byte{
			"a bit":    append([]byte{kept[0] ^ 1}, kept[1:]...),
			"shorter":  kept[:len(kept)-1],
			"longer":   append(bytes.Clone(kept), 0),
			"nothing":  nil,
			"somebody": []byte(`{"ref": "` + ref.String() + `"}`),
		} {
			if err := os.WriteFile(file, changed, 0o600); err != nil {
				t.Fatal(err)
			}
			away.Store(true)
			if err := open(ref, all); !errors.Is(err, lattice.ErrDenied) {
				t.Errorf("%s, %s: %v", filepath.Ext(file), name, err)
			}
			away.Store(false)
			if err := open(ref, signed); err != nil {
				t.Errorf("%s, %s: it is not fetched again: %v", filepath.Ext(file), name, err)
			}
		}
	}
	away.Store(true)
	if err := open(ref, signed); err != nil {
		t.Errorf("what was fetched again: %v", err)
	}
}

// What was used longest ago is removed when there is too much, and what nobody writes any
// more.
func TestKeptBounds(t *testing.T) {
	at := serve(t, nil)
	text := image(t, at, "1", "application/vnd.oci.image.layer.v1.tar", []byte("a layer"), nil)
	dir := t.TempDir()
	large := func(name string, size int64, age time.Duration) {
		t.Helper()
		file := filepath.Join(dir, name)
		at := time.Now().Add(-age)
		if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Truncate(file, size), os.Chtimes(file, at, at)); err != nil {
			t.Fatal(err) // it has a hole, and takes no room
		}
	}
	large("old.layer", oci.MaxKept/2, 3*time.Hour)
	large("recent.layer", oci.MaxKept-1<<20, time.Hour)
	large("new-begun", oci.MaxKept, time.Hour)
	large("new-forgotten", 1, 48*time.Hour)
	layers, err := client(t, nil).Layers(t.Context(), reference(t, at+"/tool@"+sum(text)), &oci.Policy{}, dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := layers[0].Close(); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]bool{"old.layer": false, "recent.layer": true, "new-begun": true, "new-forgotten": false, "*.image": true, sum([]byte("a layer"))[len("sha256:"):] + ".layer": true} {
		found, err := filepath.Glob(filepath.Join(dir, name))
		if got := len(found) == 1; err != nil || got != want {
			t.Errorf("%s is there: %v, want %v (%v)", name, got, want, err)
		}
	}
}

// An image is given although there is no room to keep it.
func TestNotKept(t *testing.T) {
	at := serve(t, nil)
	text := image(t, at, "1", "application/vnd.oci.image.layer.v1.tar", []byte("a layer"), nil)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	layers, err := client(t, nil).Layers(t.Context(), reference(t, at+"/tool@"+sum(text)), &oci.Policy{}, filepath.Join(file, "images"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(layers[0])
	if err := errors.Join(err, layers[0].Close()); err != nil || string(got) != "a layer" {
		t.Errorf("%q, %v", got, err)
	}
}

// Images that Docker writes have files as well.
func TestDockerImage(t *testing.T) {
	const docker = "application/vnd.docker.distribution.manifest.v2+json"
	at := serve(t, nil)
	text := image(t, at, "1", "application/vnd.docker.image.rootfs.diff.tar.gzip", []byte("a layer"), nil)
	text = bytes.ReplaceAll(text, []byte("application/vnd.oci.image.manifest.v1+json"), []byte(docker))
	put(t, "http://"+at+"/v2/tool/manifests/docker", docker, text)
	layers, err := client(t, nil).Layers(t.Context(), reference(t, at+"/tool@"+sum(text)), &oci.Policy{}, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := layers[0].Close(); err != nil {
		t.Error(err)
	}
}
