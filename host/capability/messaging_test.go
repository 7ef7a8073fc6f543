package capability_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/host/capability"
	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/host/wasi/config"
	"github.com/wattle-dev/wattle/host/wasmcloud/secrets"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/natslattice/natsserver"
	"github.com/wattle-dev/wattle/wit"
)

// The guests of these tests. Those of wasmCloud are its examples as they are.
const (
	talkGuest     = "testdata/talk/talk.wasm"
	echoGuest     = "testdata/wasmcloud/echo-messaging.wasm"
	queryGuest    = "testdata/wasmcloud/sqldb-postgres-query.wasm"
	passwordGuest = "testdata/wasmcloud/http-password-checker.wasm"
)

var engine = sync.OnceValues(func() (*component.Engine, error) {
	return component.NewEngine(context.Background(), nil)
})

// loaded are the components of files, each loaded once.
var loaded sync.Map

func load(t *testing.T, file string) *component.Component {
	t.Helper()
	if c, ok := loaded.Load(file); ok {
		return c.(*component.Component)
	}
	wasm, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine()
	if err != nil {
		t.Fatal(err)
	}
	var l component.Linker
	if err := wasi.Define(&l); err != nil {
		t.Fatal(err)
	}
	c, err := e.Load(context.Background(), wasm, &l)
	if err != nil {
		t.Fatalf("load %s: %v", file, err)
	}
	loaded.Store(file, c)
	return c
}

// app is a component that runs under a grant. It is a capability.Target.
type app struct {
	*host.Target
	id lattice.ComponentID

	mu   sync.Mutex
	log  bytes.Buffer // of the host
	said []string     // by the guest
}

func (a *app) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.log.Write(p)
}

func (a *app) logged() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.log.String()
}

func (a *app) lines() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.said)
}

func (a *app) invocation(iface, function string) *lattice.Invocation {
	return &lattice.Invocation{Target: a.id, Interface: iface, Function: function, Depth: lattice.DefaultDepth, Callers: []lattice.Caller{"test"}}
}

// Func implements capability.Target.
func (a *app) Func(iface, function string) (*wit.Func, error) {
	return a.Target.Func(a.invocation(iface, function))
}

// Call implements capability.Target.
func (a *app) Call(ctx context.Context, iface, function string, args []wit.Value) ([]wit.Value, error) {
	return a.Target.Call(ctx, a.invocation(iface, function), nil, args)
}

// setup is what a component is run with.
type setup struct {
	file    string
	opts    host.Options
	secrets map[string]string
	base    wasi.Options
}

// start runs a component with links until the test ends.
func start(t *testing.T, l lattice.Lattice, s setup, links ...lattice.Capability) *app {
	t.Helper()
	comp := load(t, s.file)
	a := &app{id: lattice.ComponentID(strings.ReplaceAll(t.Name(), "/", "_"))}
	logger := slog.New(slog.NewTextHandler(io.MultiWriter(a, t.Output()), nil))
	env := &capability.Env{Lattice: l, Name: lattice.DefaultName, Component: a.id, Exports: comp.Exports(), Logger: logger}
	g, err := capability.Open(t.Context(), env, s.base, links, func(ref lattice.SecretRef) (string, bool) {
		value, ok := s.secrets[string(ref.Name)]
		return value, ok
	})
	if err != nil {
		t.Fatal(err)
	}
	s.opts.Name, s.opts.WASI, s.opts.Logger = string(a.id), g.WASI, logger
	s.opts.Output = func(l host.Line) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.said = append(a.said, strings.TrimSpace(fmt.Sprintf("%s %s %s: %s", l.Stream, l.Level, l.Context, l.Text)))
	}
	a.Target = host.NewTarget(comp, &s.opts)
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	for _, source := range g.Sources() {
		serving.Go(func() {
			if err := source.Run(ctx, a); err != nil {
				t.Errorf("source %s: %v", source.Kind, err)
			}
		})
	}
	t.Cleanup(func() {
		cancel()
		serving.Wait()
		if err := errors.Join(a.Shutdown(context.Background()), g.Close()); err != nil {
			t.Error(err)
		}
	})
	return a
}

// call calls a function of a talker and returns its result, or the error in it.
func call(t *testing.T, a *app, function string, args ...wit.Value) (wit.Value, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	results, err := a.Call(ctx, "test:talk/calls", function, args)
	if err != nil {
		t.Fatalf("%s: %v", function, err)
	}
	if len(results) == 0 {
		return nil, ""
	}
	r, ok := results[0].(wit.ResultValue)
	if !ok {
		return results[0], ""
	}
	if r.Failed {
		return nil, r.Value.(string)
	}
	return r.Value, ""
}

func texts(v wit.Value) []string {
	var all []string
	list, _ := v.(wit.ListValue)
	for _, e := range list {
		all = append(all, e.(string))
	}
	return all
}

// connected returns a connection to a NATS server.
func connected(t *testing.T) lattice.Lattice {
	t.Helper()
	s, err := natsserver.Start(t.Context(), natsserver.Options{Token: "t", StoreDir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	l, err := natslattice.Connect(t.Context(), natslattice.Options{InProcess: s, Token: "t"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := errors.Join(l.Close(), s.Shutdown(ctx)); err != nil {
			t.Error(err)
		}
	})
	return l
}

func messagingLink(name lattice.LinkName, iface, values string) lattice.Capability {
	pkg, iface, _ := strings.Cut(iface, "/")
	namespace, pkg, _ := strings.Cut(pkg, ":")
	c := lattice.Capability{Kind: "messaging-nats", Name: name, Namespace: namespace, Package: pkg, Interfaces: []string{iface}, Config: map[string]string{}}
	for line := range strings.Lines(values) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		c.Config[key] = value
	}
	return c
}

// ask sends a request as an operator would until somebody is there to answer it.
func ask(t *testing.T, l lattice.Lattice, on, data string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		m, err := l.Request(ctx, &lattice.Message{Subject: "wattle.default.msg." + on, Data: []byte(data)})
		switch {
		case err == nil:
			return string(m.Data)
		case !lattice.Undelivered(err):
			t.Fatal(err)
		}
	}
}

// wasmCloud's example answers what it is sent; nothing else of its link allows it to send.
func TestEchoMessaging(t *testing.T) {
	l := connected(t)
	start(t, l, setup{file: echoGuest},
		messagingLink("default", "wasmcloud:messaging/consumer", ""),
		messagingLink("default", "wasmcloud:messaging/handler", "subscriptions: wasmcloud.echo|echoes, other.*"))
	for _, on := range []string{"wasmcloud.echo", "other.x"} {
		if got := ask(t, l, on, "hello "+on); got != "hello "+on {
			t.Errorf("the answer is %q", got)
		}
	}
}

// Without a reply the example says so in its log.
func TestEchoLogs(t *testing.T) {
	l := connected(t)
	a := start(t, l, setup{file: echoGuest},
		messagingLink("default", "wasmcloud:messaging/consumer", ""),
		messagingLink("default", "wasmcloud:messaging/handler", "subscriptions: echo"))
	ask(t, l, "echo", "is it there?")
	if err := l.Publish(&lattice.Message{Subject: "wattle.default.msg.echo", Data: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { return len(a.lines()) > 0 })
	if diff := cmp.Diff([]string{"log warn : No reply_to field in message, ignoring message"}, a.lines()); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// await waits until something is so that nobody tells.
func await(t *testing.T, is func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for !is() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("it does not come to that")
		}
	}
}

// A component asks another one over wasi:messaging, by its links and as far as they
// allow.
func TestTalk(t *testing.T) {
	l := connected(t)
	a := start(t, l, setup{file: talkGuest},
		messagingLink("default", "wasi:messaging/producer", "publish: talk.a, deserted\ntimeout: 300ms"),
		messagingLink("second", "wasi:messaging/request-reply", "publish: talk.b"),
		messagingLink("default", "wasi:messaging/incoming-handler", "subscriptions: talk.*"))
	ask(t, l, "talk.a", "is it there?")
	said := func(data string) []string {
		return []string{
			"1: " + data + ` Some("text/plain") Some([("x-asked-by", "talk")])`, "2: " + data + ` Some("text/plain") Some([("x-asked-by", "talk")])`,
		}
	}
	for _, test := range []struct {
		link, topic, data string
		timeout, replies  uint32
		want              []string
		refusal           string
	}{
		{"", "talk.a", "one", 10_000, 1, said("one")[:1], ""},
		{"default", "talk.a", "two", 10_000, 2, said("two"), ""},
		{"second", "talk.b", "three", 10_000, 2, said("three"), ""},
		{"", "talk.a", "more", 200, 3, said("more"), ""}, // those that came in time
		{"", "talk.b", "x", 10_000, 1, nil, "PermissionDenied"},
		{"second", "talk.a", "x", 10_000, 1, nil, "PermissionDenied"},
		{"third", "talk.a", "x", 10_000, 1, nil, "PermissionDenied"},
		{"", "deserted", "x", 10_000, 1, nil, "Connection"},
		{"", "talk.a", "refuse", 200, 1, nil, "Timeout"},
		{"", "talk.a", "trap", 60_000, 1, nil, "Timeout"}, // that of the link
		{"", "$JS.API.INFO", "x", 10_000, 1, nil, "Other"},
		{"", "talk.a", "x", 10_000, 1000, nil, "Other"},
	} {
		got, refusal := call(t, a, "ask", test.link, test.topic, test.data, test.timeout, test.replies)
		if diff := cmp.Diff(test.want, texts(got)); diff != "" || !strings.HasPrefix(refusal, "Error::"+test.refusal) && test.refusal != "" || test.refusal == "" && refusal != "" {
			t.Errorf("%+v: refused with %q (-want +got):\n%s", test, refusal, diff)
		}
	}
	for _, want := range []string{`permission-denied: \"not this\"`, "as told"} {
		if !strings.Contains(a.logged(), want) {
			t.Errorf("the log does not say %q", want)
		}
	}
	if _, refusal := call(t, a, "send", "", "talk.a", "sent"); refusal != "" {
		t.Errorf("send: %s", refusal)
	}
	await(t, func() bool { return slices.Contains(a.lines(), "log info talk.a: sent") })
}

// What a component has no room for is dropped, and that is said.
func TestOverload(t *testing.T) {
	l := connected(t)
	a := start(t, l, setup{file: talkGuest, opts: host.Options{MaxConcurrent: 1, MaxQueue: 1}},
		messagingLink("default", "wasi:messaging/request-reply", ""),
		messagingLink("default", "wasi:messaging/incoming-handler", "subscriptions: a"))
	ask(t, l, "a", "is it there?")
	const n = 300
	for range n {
		if err := l.Publish(&lattice.Message{Subject: "wattle.default.msg.a", Data: []byte("x")}); err != nil {
			t.Fatal(err)
		}
	}
	await(t, func() bool { return strings.Contains(a.logged(), "messages dropped") })
	if lines := strings.Count(a.logged(), "messages dropped"); lines > 2 {
		t.Errorf("it is said %d times", lines)
	}
	// What is sent once there is room again is handled.
	for {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		m, err := l.Request(ctx, &lattice.Message{Subject: "wattle.default.msg.a", Data: []byte("and now?")})
		cancel()
		if err == nil && strings.HasPrefix(string(m.Data), "1: and now?") {
			return
		}
		if err != nil && !errors.Is(err, context.DeadlineExceeded) || t.Context().Err() != nil {
			t.Fatalf("after that: %v, %v", m, err)
		}
	}
}

// A link to a component that takes no messages is refused.
func TestNoHandler(t *testing.T) {
	l := connected(t)
	comp := load(t, queryGuest)
	env := &capability.Env{Lattice: l, Name: lattice.DefaultName, Component: "c", Exports: comp.Exports(), Logger: slog.New(slog.DiscardHandler)}
	link := messagingLink("default", "wasmcloud:messaging/handler", "subscriptions: a")
	if _, err := capability.Open(t.Context(), env, wasi.Options{}, []lattice.Capability{link}, nil); !errors.Is(err, lattice.ErrInvalid) || !strings.Contains(err.Error(), "wasmcloud:messaging/handler") {
		t.Errorf("err = %v", err)
	}
}

// Configuration and logs by every name that they have; secrets by theirs alone.
func TestInert(t *testing.T) {
	values := map[string]secrets.Value{"token": secrets.NewValue(canary), "bytes": secrets.NewValue("\xff\xfe")}
	a := start(t, nil, setup{file: talkGuest, base: wasi.Options{
		Config:  config.Options{Values: map[string]string{"a": "1"}},
		Secrets: secrets.Options{Values: maps.Clone(values)},
	}})
	some := func(s string) wit.Value { return wit.OptionValue{Some: true, Value: s} }
	for key, want := range map[string]wit.ListValue{"a": {some("1"), some("1")}, "b": {wit.OptionValue{}, wit.OptionValue{}}} {
		if got, _ := call(t, a, "config", key); cmp.Diff(want, got) != "" {
			t.Errorf("config %q: %v", key, got)
		}
	}
	call(t, a, "log", "part", "one\ntwo\x1b[2J")
	for name, want := range map[string][2]string{"token": {canary, ""}, "bytes": {"", "2 bytes"}, "other": {"", "NotFound"}} {
		got, refusal := call(t, a, "secret", name)
		if got != want[0] && (got != nil || want[0] != "") || !strings.Contains(refusal, want[1]) {
			t.Errorf("secret %q: %v, %q", name, got, refusal)
		}
	}
	if diff := cmp.Diff([]string{"log warn part: one", "log warn part: two\ufffd[2J"}, a.lines()); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if strings.Contains(a.logged(), canary) {
		t.Error("the secret is in the host's log")
	}
	// Nothing is linked.
	if _, refusal := call(t, a, "send", "", "a", "x"); !strings.Contains(refusal, "PermissionDenied") {
		t.Errorf("send without a link: %q", refusal)
	}
	if _, refusal := call(t, a, "exec", "SELECT 1", wit.ListValue{}); !strings.Contains(refusal, "denied") {
		t.Errorf("exec without a link: %q", refusal)
	}
}
