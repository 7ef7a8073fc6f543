package secrets_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasmcloud/secrets"
)

const canary = "canary-5f1d"

func TestStore(t *testing.T) {
	s := secrets.NewState(secrets.Options{Values: map[string]secrets.Value{
		"token": secrets.NewValue(canary), "binary": secrets.NewValue("\xff\x00"), "empty": secrets.NewValue(""),
	}})
	for key, want := range map[string]secrets.SecretValue{
		"token":  {Tag: secrets.SecretValueStringCase, StringCase: canary},
		"binary": {Tag: secrets.SecretValueBytes, Bytes: []byte("\xff\x00")},
		"empty":  {Tag: secrets.SecretValueStringCase},
	} {
		secret, err := s.Get(nil, key)
		if err != nil {
			t.Errorf("get %q: %v", key, err)
			continue
		}
		got, err := s.Reveal(nil, secret)
		if err != nil || got.Tag != want.Tag || got.StringCase != want.StringCase || !bytes.Equal(got.Bytes, want.Bytes) {
			t.Errorf("reveal %q = %v, %v, want %v", key, got, err, want)
		}
	}
	var e *secrets.SecretsError
	for _, key := range []string{"Token", "", "token\x00"} {
		if _, err := s.Get(nil, key); !errors.As(err, &e) || e.Tag != secrets.SecretsErrorNotFound {
			t.Errorf("get %q: %v, want not-found", key, err)
		}
	}
}

// Nothing that prints a value, or what holds it, shows it.
func TestCanary(t *testing.T) {
	value := secrets.NewValue(canary)
	opts := secrets.Options{Values: map[string]secrets.Value{"token": value}}
	state := secrets.NewState(opts)
	secret, err := state.Get(nil, "token")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, x := range []any{value, &value, opts, &opts, []secrets.Value{value}, state, secret, *secret, struct{ V secrets.Value }{value}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
			fmt.Fprintf(&out, verb+"\n", x)
		}
		for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
			slog.New(h).Info("secret", "value", x)
		}
		text, err := json.Marshal(x)
		if err != nil {
			t.Errorf("marshal %T: %v", x, err)
		}
		out.Write(text)
	}
	if strings.Contains(out.String(), canary) || strings.Contains(out.String(), fmt.Sprintf("%x", canary)) {
		t.Errorf("the secret is shown:\n%s", out.String())
	}
	if !strings.Contains(out.String(), "REDACTED") {
		t.Errorf("nothing says that there is a secret:\n%s", out.String())
	}
}

// Every version whose functions are not async is served, with the same resource.
func TestDefine(t *testing.T) {
	var l component.Linker
	if err := secrets.Define(&l); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"wasmcloud:secrets/store@0.1.0-draft", "wasmcloud:secrets/reveal@0.1.0-draft", "wasmcloud:secrets/store@1.0.0", "wasmcloud:secrets/reveal@1.2.0",
	} {
		if _, ok := l.Serves(name); !ok {
			t.Errorf("%s is not served", name)
		}
	}
	if _, ok := l.Serves("wasmcloud:secrets/store@2.1.0"); ok {
		t.Error("an interface of async functions is served")
	}
}
