package scheduler_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/wattle-dev/wattle/host/secrets"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/seal"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/trust/trusttest"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// secretKeeper starts a scheduler that opens secrets.
func (l *lab) secretKeeper() *running {
	l.tb.Helper()
	creds := l.creds()
	key, err := creds.SecretsKey()
	if err != nil {
		l.tb.Fatal(err)
	}
	return l.scheduleOn(creds, nil, &scheduler.Options{Secrets: key})
}

// vault returns what a host has of secrets, in a directory.
func (l *lab) vault(h *host, on lattice.Lattice, dir string) *secrets.Store {
	l.tb.Helper()
	key, err := h.creds.Key.SealKey()
	if err != nil {
		l.tb.Fatal(err)
	}
	s, err := secrets.New(secrets.Options{Lattice: on, Name: name, Host: h.id, Signer: h.signer, Verifier: l.verifier, Key: key, Dir: dir})
	if err != nil {
		l.tb.Fatal(err)
	}
	return s
}

// lines collects what is written at once by many.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) bytes() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.b.Bytes())
}

// canary is a value that must not be found anywhere.
const canary = "canary-3f1c0a-in-the-mine"

// forms are the canary as it might be written down.
func forms() [][]byte {
	b := []byte(canary)
	return [][]byte{b, []byte(hex.EncodeToString(b)), []byte(base64.StdEncoding.EncodeToString(b)[:20]), []byte(base64.StdEncoding.EncodeToString(b[1:])[:20]), []byte(base64.StdEncoding.EncodeToString(b[2:])[:20])}
}

// shows reports whether the canary is in something.
func shows(data []byte) bool {
	return slices.ContainsFunc(forms(), func(form []byte) bool { return bytes.Contains(data, form) })
}

// searched looks for the canary in all files below a directory. In one of them is
// something else that is no secret, and would be found.
func searched(t *testing.T, what, dir, plain string) {
	t.Helper()
	found := false
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it went while it was looked for
		}
		found = found || bytes.Contains(data, []byte(plain))
		if shows(data) {
			t.Errorf("%s: the secret is in %s", what, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !found {
		t.Errorf("%s: %q is not in %s", what, plain, dir)
	}
}

// TestSecrets stores a secret, and has the host of a component that may ask for it get
// its value, and nobody else. Wherever anything is written down, it is not.
func TestSecrets(t *testing.T) {
	l := newNATSLab(t)
	log, told := &lines{}, &lines{}
	l.logged = log
	s := l.secretKeeper()
	ctx := t.Context()
	for _, subject := range []string{l.subjects().Events(), l.subjects().Log("*", "*")} {
		if _, err := l.lattice.Subscribe(subject, "", func(m *lattice.Message) { _, _ = told.Write(m.Data) }); err != nil {
			t.Fatal(err)
		}
	}
	put := func(name lattice.SecretName, value string) *control.SecretResult {
		t.Helper()
		r, err := l.client.StoreSecret(ctx, l.verifier, name, []byte(value), "ann")
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := put("token", canary); r.Version != 1 || !r.Changed {
		t.Errorf("put: %+v", r)
	}
	one, two := l.host(map[string]string{"host": "one"}), l.host(nil)
	if _, err := l.do(ctx, &control.PutConfig{Config: "rules", Values: lattice.Config{"allow": "GET https://api.example.com/", "header.authorization": "Bearer ${secret:the token}"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.do(ctx, &control.PutLink{Link: lattice.Link{
		Source: "shop", Target: "wattle://httpclient", Name: "default", Namespace: "wasi", Package: "http", Interfaces: []string{"outgoing-handler"},
		TargetConfig: []lattice.ConfigName{"rules"}, Secrets: map[string]lattice.SecretRef{"the token": {Name: "token"}},
	}}); err != nil {
		t.Fatal(err)
	}
	l.start(&control.StartComponent{ID: "shop", Ref: "shop", Digest: l.store(1), Where: control.Where{Labels: map[string]string{"host": "one"}}})
	first := lattice.SecretRef{Name: "token", Version: 1}
	if d := l.desired(one); d == nil || len(d.Components) != 1 || d.Components[0].Capabilities[0].Secrets["the token"] != first {
		t.Fatalf("the host is told %+v", d)
	}

	// The host that is told to run it gets the value, and has it when it starts anew.
	dir, other := t.TempDir(), t.TempDir()
	onOne, onTwo := l.join(trust.RoleHost, one.creds), l.join(trust.RoleHost, two.creds)
	store := l.vault(one, onOne, dir)
	get := func(s *secrets.Store, ref lattice.SecretRef, want string, kind error) {
		t.Helper()
		got, err := s.Get(ctx, []lattice.SecretRef{ref})
		switch {
		case kind == nil && (err != nil || got[ref] != want):
			t.Errorf("version %d of %s: %q, %v", ref.Version, ref.Name, got[ref], err)
		case kind != nil && !errors.Is(err, kind):
			t.Errorf("version %d of %s: %q, %v, want %v", ref.Version, ref.Name, got[ref], err, kind)
		case err != nil && shows([]byte(err.Error())):
			t.Errorf("the error tells the secret: %v", err)
		}
	}
	get(store, first, canary, nil)
	get(l.vault(two, onTwo, other), first, "", lattice.ErrDenied)
	get(store, lattice.SecretRef{Name: "token", Version: 2}, "", lattice.ErrDenied)
	get(store, lattice.SecretRef{Name: "other", Version: 1}, "", lattice.ErrDenied)

	// A new version is another one to ask for, and who has it keeps nothing else.
	if r := put("token", "second value"); r.Version != 2 || len(r.Notes) != 1 {
		t.Errorf("put again: %+v", r)
	}
	second := lattice.SecretRef{Name: "token", Version: 2}
	if d := l.desired(one); d.Components[0].Capabilities[0].Secrets["the token"] != second {
		t.Errorf("the host is told %+v", d.Components[0].Capabilities)
	}
	fresh := l.vault(one, onOne, t.TempDir())
	get(fresh, first, "", lattice.ErrDenied)
	get(fresh, second, "second value", nil)
	get(store, first, canary, nil)
	searched(t, "the host's directory", dir, `"sealed"`)

	// What is asked about it, and what happens, does not show it.
	for _, q := range []control.Command{&control.ListSecrets{}, &control.SecretHistoryOf{Secret: "token"}} {
		answer := new(json.RawMessage)
		if err := l.client.Do(ctx, q, answer); err != nil || !bytes.Contains(*answer, []byte("token")) || shows(*answer) {
			t.Errorf("%s: %s, %v", q.Name(), *answer, err)
		}
	}
	if r, err := l.do(ctx, &control.TakeSnapshot{}); err != nil {
		t.Errorf("%+v, %v", r, err)
	}
	l.eventually("events", func() string {
		if !bytes.Contains(told.bytes(), []byte("secret.put")) {
			return "none about the secret"
		}
		return ""
	})
	if shows(told.bytes()) {
		t.Error("the secret is in an event")
	}
	s.stop()
	if text := log.bytes(); shows(text) || !bytes.Contains(text, []byte("secret handed out")) || !bytes.Contains(text, []byte("host is refused a secret")) {
		t.Errorf("the secret is in the log, or nothing about it:\n%s", text)
	}
	searched(t, "the log and snapshots of the scheduler", l.dir, "api.example.com")
	searched(t, "the files of the lattice", l.files, "api.example.com")

	// No scheduler answers: what was kept is there, and what was not is not.
	get(l.vault(one, onOne, dir), first, canary, nil)
	get(l.vault(one, onOne, t.TempDir()), second, "", lattice.ErrUnavailable)
	store.Keep([]lattice.SecretRef{second})
	get(store, first, "", lattice.ErrUnavailable)
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("%v are left, %v", left, err)
	}
}

func (l *lab) subjects() wire.Subjects { return wire.Subjects{Lattice: name} }

// TestForgedSecrets has what is asked and answered be forged.
func TestForgedSecrets(t *testing.T) {
	l := newLab(t)
	l.secretKeeper()
	h, evil := l.host(nil), l.host(nil)
	ctx := t.Context()
	if _, err := l.client.StoreSecret(ctx, l.verifier, "token", []byte(canary), ""); err != nil {
		t.Fatal(err)
	}
	if _, err := l.do(ctx, &control.PutLink{Link: lattice.Link{
		Source: "shop", Target: "wattle://httpclient", Name: "default", Namespace: "wasi", Package: "http", Interfaces: []string{"outgoing-handler"},
		Secrets: map[string]lattice.SecretRef{"token": {Name: "token"}},
	}}); err != nil {
		t.Fatal(err)
	}
	l.start(&control.StartComponent{ID: "shop", Ref: "shop", Digest: l.store(1), Where: control.Where{Host: h.id}})
	ref := lattice.SecretRef{Name: "token", Version: 1}
	key, err := evil.creds.Key.SealKey()
	if err != nil {
		t.Fatal(err)
	}
	request := func(host lattice.HostID) []byte {
		document, err := wire.EncodeSecretRequest(&wire.SecretRequest{Host: host, Secret: ref, Key: key.Public()})
		if err != nil {
			t.Fatal(err)
		}
		return document
	}
	sign := func(s lattice.Signer, bucket, key string, document []byte) []byte {
		signed, err := s.Sign(bucket, key, document)
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	subject := l.subjects().Secrets(h.id)
	for what, data := range map[string][]byte{
		"signed by another host":           sign(evil.signer, subject, wire.SecretRequestKey, request(h.id)),
		"signed for another subject":       sign(h.signer, l.subjects().Secrets(evil.id), wire.SecretRequestKey, request(h.id)),
		"signed as something else":         sign(h.signer, l.buckets.Hosts(), string(h.id), request(h.id)),
		"for another host":                 sign(h.signer, subject, wire.SecretRequestKey, request(evil.id)),
		"not signed":                       request(h.id),
		"nothing":                          nil,
		"with a key that is none":          sign(h.signer, subject, wire.SecretRequestKey, []byte(`{"host":"`+string(h.id)+`","secret":{"name":"token","version":1},"key":"AQID"}`)),
		"of the host that does not run it": nil,
	} {
		to := subject
		if what == "of the host that does not run it" {
			to = l.subjects().Secrets(evil.id)
			data = sign(evil.signer, to, wire.SecretRequestKey, request(evil.id))
		}
		m, err := l.lattice.Request(ctx, &lattice.Message{Subject: to, Data: data})
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		reply, err := wire.DecodeReply(m.Data)
		if err != nil || reply.Error == nil {
			t.Errorf("a request %s is answered: %s, %v", what, m.Data, err)
		}
	}

	// A host takes no answer that is not the scheduler's, or to something else.
	dir := t.TempDir()
	store := l.vault(h, l.join(trust.RoleHost, h.creds), dir)
	if _, err := store.Get(ctx, []lattice.SecretRef{ref}); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	file := filepath.Join(dir, files[0].Name())
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	e, err := wire.ParseSigned(kept)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := wire.DecodeSecretAnswer(e.Value, h.id, ref)
	if err != nil {
		t.Fatal(err)
	}
	hostKey, err := h.creds.Key.SealKey()
	if err != nil {
		t.Fatal(err)
	}
	lie, err := seal.Seal(hostKey.Public(), wire.HostSecretContext(name, h.id, ref), []byte("a lie"))
	if err != nil {
		t.Fatal(err)
	}
	answer.Sealed = lie
	forged, err := wire.EncodeSecretAnswer(answer)
	if err != nil {
		t.Fatal(err)
	}
	for what, data := range map[string][]byte{
		"signed by a host":          sign(evil.signer, subject, wire.SecretAnswerKey, forged),
		"signed by the host itself": sign(h.signer, subject, wire.SecretAnswerKey, forged),
		"with another value in it":  bytes.Replace(kept, e.Value, forged, 1),
		"cut":                       kept[:len(kept)/2],
		"empty":                     {},
	} {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := l.vault(h, l.join(trust.RoleHost, h.creds), dir).Get(ctx, []lattice.SecretRef{ref})
		if err != nil || got[ref] != canary {
			t.Errorf("an answer %s was kept: %q, %v, want it to be asked for again", what, got[ref], err)
		}
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// TestSecretsRefused is that no secret is stored that no host could be given.
func TestSecretsRefused(t *testing.T) {
	l := newLab(t)
	s := l.schedule()
	ctx := t.Context()
	_, err := l.client.StoreSecret(ctx, l.verifier, "token", []byte("x"), "")
	if !errors.Is(err, lattice.ErrUnavailable) || !strings.Contains(err.Error(), "wattle lattice creds scheduler") {
		t.Errorf("a scheduler with old credentials: %v", err)
	}
	s.stop()
	l.secretKeeper()
	if _, err := l.client.StoreSecret(ctx, l.verifier, "token", []byte("x"), ""); err != nil {
		t.Error(err)
	}
	theirs, err := trusttest.Creds(t, trusttest.Keyring(t), name, trust.RoleScheduler).SecretsKey()
	if err != nil {
		t.Fatal(err)
	}
	mine, err := l.creds().SecretsKey()
	if err != nil {
		t.Fatal(err)
	}
	sealed := func(k *seal.Key, context, value string) []byte {
		b, err := seal.Seal(k.Public(), context, []byte(value))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for what, b := range map[string][]byte{
		"for another lattice": sealed(theirs, wire.SecretContext(name, "token"), "x"),
		"as another secret":   sealed(mine, wire.SecretContext(name, "password"), "x"),
		"empty":               sealed(mine, wire.SecretContext(name, "token"), ""),
		"not at all":          []byte("x"),
	} {
		if _, err := l.do(ctx, &control.PutSecret{Secret: "token", Sealed: b}); err == nil {
			t.Errorf("a secret that is sealed %s is stored", what)
		}
	}
	if _, err := l.client.StoreSecret(ctx, trusttest.Verifier(t, trusttest.Keyring(t), name), "token", []byte("x"), ""); !errors.Is(err, lattice.ErrDenied) {
		t.Errorf("a key of nobody that is trusted: %v", err)
	}
	for _, value := range [][]byte{nil, make([]byte, wire.MaxSecretValue+1)} {
		if _, err := l.client.StoreSecret(ctx, l.verifier, "token", value, ""); !errors.Is(err, lattice.ErrInvalid) {
			t.Errorf("%d bytes: %v", len(value), err)
		}
	}
}
