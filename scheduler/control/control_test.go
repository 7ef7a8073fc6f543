package control_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/control"
)

const (
	hostID = lattice.HostID("NAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
)

// goldens has the JSON of each command, which clients of other languages write.
var goldens = []struct {
	name string
	json string
	cmd  control.Command
}{
	{"component.start", `{"id":"hello","ref":"./hello.wasm","digest":"` + digest + `","revision":3,"hosts":2,"where":{"group":"edge","labels":{"zone":"a"}},"max_instances":8,"limits":{"memory_bytes":1048576,"timeout_ms":500,"queue":4},"config":["cfg"],"routes":[{"host":"h.example","path":"/mcp"}],"secrets":{"the password":{"name":"shop","version":0}},"preinit":true,"annotations":{"by":"me"},"allow_update":true}`, &control.StartComponent{
		ID: "hello", Ref: "./hello.wasm", Digest: digest, Revision: 3, Hosts: 2,
		Where:        control.Where{Group: "edge", Labels: map[string]string{"zone": "a"}},
		MaxInstances: 8, Limits: lattice.Limits{MemoryBytes: 1 << 20, TimeoutMillis: 500, Queue: 4},
		Config: []lattice.ConfigName{"cfg"}, Routes: []lattice.Route{{Host: "h.example", Path: "/mcp"}},
		Secrets: map[string]lattice.SecretRef{"the password": {Name: "shop"}},
		Preinit: true, Annotations: map[string]string{"by": "me"}, AllowUpdate: true,
	}},
	{"component.start", `{"id":"hello","ref":"r","where":{"host":"` + string(hostID) + `"},"add":true}`, &control.StartComponent{
		ID: "hello", Ref: "r", Where: control.Where{Host: hostID}, Add: true,
	}},
	{"component.scale", `{"id":"hello","hosts":3,"max_instances":4}`, &control.ScaleComponent{ID: "hello", Hosts: 3, MaxInstances: 4}},
	{"component.update", `{"id":"hello","ref":"r2","digest":"` + digest + `"}`, &control.UpdateComponent{ID: "hello", Ref: "r2", Digest: digest}},
	{"component.stop", `{"id":"hello","host":"` + string(hostID) + `"}`, &control.StopComponent{ID: "hello", Host: hostID}},
	{"link.put", `{"link":{"source_id":"a","target":"b","name":"default","wit_namespace":"wasi","wit_package":"keyvalue","interfaces":["store"],"target_config":["cfg"]}}`, &control.PutLink{Link: lattice.Link{
		Source: "a", Target: "b", Name: "default", Namespace: "wasi", Package: "keyvalue", Interfaces: []string{"store"}, TargetConfig: []lattice.ConfigName{"cfg"},
	}}},
	{"link.delete", `{"source_id":"a","name":"default","wit_namespace":"wasi","wit_package":"keyvalue"}`, &control.DeleteLink{Source: "a", LinkName: "default", Namespace: "wasi", Package: "keyvalue"}},
	{"config.put", `{"config":"cfg","values":{"a":"<1>"}}`, &control.PutConfig{Config: "cfg", Values: lattice.Config{"a": "<1>"}}},
	{"config.put", `{"config":"cfg","values":{"a":"1"},"keep":true,"drop":["b"]}`, &control.PutConfig{Config: "cfg", Values: lattice.Config{"a": "1"}, Keep: true, Drop: []string{"b"}}},
	{"config.delete", `{"config":"cfg"}`, &control.DeleteConfig{Config: "cfg"}},
	{"link.put", `{"link":{"source_id":"a","target":"wattle://keyvalue-redis","name":"default","wit_namespace":"wasi","wit_package":"keyvalue","interfaces":["store"],"secrets":{"the password":{"name":"redis","version":0}}}}`, &control.PutLink{Link: lattice.Link{
		Source: "a", Target: "wattle://keyvalue-redis", Name: "default", Namespace: "wasi", Package: "keyvalue", Interfaces: []string{"store"},
		Secrets: map[string]lattice.SecretRef{"the password": {Name: "redis"}},
	}}},
	{"secret.put", `{"secret":"token","sealed":"AQID/w==","by":"ann"}`, &control.PutSecret{Secret: "token", Sealed: []byte{1, 2, 3, 255}, By: "ann"}},
	{"secret.delete", `{"secret":"token"}`, &control.DeleteSecret{Secret: "token"}},
	{"secret.key", `{}`, &control.SecretsKey{}},
	{"secret.list", `{}`, &control.ListSecrets{}},
	{"secret.history", `{"secret":"token"}`, &control.SecretHistoryOf{Secret: "token"}},
	{"host.state", `{"host":"` + string(hostID) + `","state":"drained"}`, &control.SetHostState{Host: hostID, State: lattice.HostDrained}},
	{"label.put", `{"host":"` + string(hostID) + `","key":"zone","value":"a"}`, &control.PutLabel{Host: hostID, Key: "zone", Value: "a"}},
	{"label.delete", `{"host":"` + string(hostID) + `","key":"zone"}`, &control.DeleteLabel{Host: hostID, Key: "zone"}},
	{"app.put", `{"manifest":"kind: Application\n","digests":{"./a.wasm":"` + digest + `"},"deploy":true,"by":"ann"}`, &control.PutApp{Manifest: "kind: Application\n", Digests: map[string]string{"./a.wasm": digest}, Deploy: true, By: "ann"}},
	{"app.deploy", `{"app":"shop","version":"v1","by":"ann"}`, &control.DeployApp{App: "shop", Version: "v1", By: "ann"}},
	{"app.rollback", `{"app":"shop"}`, &control.RollbackApp{App: "shop"}},
	{"app.promote", `{"app":"shop"}`, &control.PromoteApp{App: "shop"}},
	{"app.scale", `{"app":"shop","component":"front","instances":3}`, &control.ScaleApp{App: "shop", Component: "front", Instances: 3}},
	{"app.undeploy", `{"app":"shop"}`, &control.UndeployApp{App: "shop"}},
	{"app.delete", `{"app":"shop","version":"v1"}`, &control.DeleteApp{App: "shop", Version: "v1"}},
	{"app.list", `{}`, &control.ListApps{}},
	{"app.get", `{"app":"shop"}`, &control.GetApp{App: "shop"}},
	{"app.status", `{"app":"shop"}`, &control.AppStatusOf{App: "shop"}},
	{"app.explain", `{"app":"shop","component":"front"}`, &control.ExplainApp{App: "shop", Component: "front"}},
	{"app.history", `{"app":"shop"}`, &control.AppHistoryOf{App: "shop"}},
	{"scheduler.add", `{"address":"a:7700"}`, &control.AddScheduler{Address: "a:7700"}},
	{"scheduler.remove", `{"id":"a:7700"}`, &control.RemoveScheduler{ID: "a:7700"}},
	{"scheduler.snapshot", `{}`, &control.TakeSnapshot{}},
	{"scheduler.export", `{"snapshot":"2-9","offset":262144}`, &control.ExportState{Snapshot: "2-9", Offset: 262144}},
}

func TestGolden(t *testing.T) {
	seen := map[string]bool{}
	for _, g := range goldens {
		seen[g.name] = true
		text, err := control.Encode(g.cmd)
		if err != nil || string(text) != g.json {
			t.Errorf("Encode(%s) = %s, %v, want %s", g.name, text, err, g.json)
		}
		cmd, err := control.Decode(g.name, []byte(g.json))
		if err != nil {
			t.Errorf("Decode(%s): %v", g.json, err)
			continue
		}
		if diff := cmp.Diff(g.cmd, cmd); diff != "" {
			t.Errorf("Decode(%s) (-want +got):\n%s", g.json, diff)
		}
	}
	for _, name := range control.Names() {
		if !seen[name] {
			t.Errorf("command %s has no golden", name)
		}
	}
}

func TestInvalid(t *testing.T) {
	long := strings.Repeat("x", wire.MaxConfigValue+1)
	for _, test := range []struct{ name, json, says string }{
		{"component.start", ``, "want an object, have the end"},
		{"component.start", `null`, "want an object, have null"},
		{"component.start", `[]`, "want an object, have an array"},
		{"component.start", `{"id":"a","ref":"r"} x`, "there is more after the end"},
		{"component.start", `{"id":"a","ref":"r","hsots":2}`, `"hsots"`},
		{"component.start", `{"id":"a","ref":"r","ref":"s"}`, "ref: invalid: it is there twice"},
		{"component.start", `{"id":"a","Ref":"r"}`, "Ref: invalid: it is no known field"},
		{"component.start", `{"id":"a","ref":"r","hosts":"2"}`, `"hosts": invalid: no string belongs there`},
		{"component.start", `{"id":"a b","ref":"r"}`, `component "a b"`},
		{"component.start", `{"id":"a","ref":""}`, "ref"},
		{"component.start", "{\"id\":\"a\",\"ref\":\"\xff\"}", "not UTF-8"},
		{"component.start", `{"id":"a","ref":"r","digest":"sha256:0"}`, "digest"},
		{"component.start", `{"id":"a","ref":"r","hosts":-1}`, "hosts -1"},
		{"component.start", `{"id":"a","ref":"r","hosts":2,"where":{"host":"` + string(hostID) + `"}}`, "one host is named"},
		{"component.start", `{"id":"a","ref":"r","add":true}`, "the host to add is named"},
		{"component.start", `{"id":"a","ref":"r","routes":[{"path":"/x/"}]}`, `write it as "/x"`},
		{"component.start", `{"id":"a","ref":"r","routes":[{"path":"/x"},{"path":"/x"}]}`, "twice"},
		{"component.start", `{"id":"a","ref":"r","config":["c","c"]}`, "twice"},
		{"component.start", `{"id":"a","ref":"r","limits":{"timeout_ms":-1}}`, "timeout_ms"},
		{"component.scale", `{"id":"a"}`, "stop it"},
		{"component.stop", `{"id":"a","host":"x"}`, `host "x"`},
		{"link.put", `{"link":{"source_id":"a","target":"b","name":"default","wit_namespace":"wasi","wit_package":"keyvalue","interfaces":[]}}`, "interfaces"},
		{"link.put", `{"link":{"source_id":"a","target":"b","name":"default","wit_namespace":"wasi","wit_package":"keyvalue@1.0","interfaces":["store"]}}`, "no version"},
		{"link.put", `{"link":{"source_id":"a","target":"wattle://","name":"default","wit_namespace":"wasi","wit_package":"keyvalue","interfaces":["store"]}}`, `target "wattle://"`},
		{"link.put", `{"link":{"source_id":"a","target":"b","name":"default","wit_namespace":"wasi","wit_package":"keyvalue","interfaces":["store"],"secrets":{"a}":{"name":"b","version":0}}}}`, "no braces"},
		{"secret.put", `{"secret":"a.b","sealed":"AQID/w=="}`, `secret "a.b"`},
		{"secret.put", `{"secret":"a","sealed":""}`, "0 bytes, want 1"},
		{"config.put", `{"config":"c","values":{"k":"` + long + `"}}`, "65537 bytes"},
		{"config.put", `{"config":"c","values":{"k":"` + long[1:] + `","l":"` + long[1:] + `","m":"` + long[1:] + `"}}`, "bytes of keys and values, the limit is 196608"},
		{"config.put", `{"config":"c","values":{"k":"\u001b[31m"}}`, "cannot be printed"},
		{"host.state", `{"host":"` + string(hostID) + `","state":"draining"}`, "ready, cordoned, drained or stopped"},
		{"label.put", `{"host":"` + string(hostID) + `","key":"a b","value":""}`, "label"},
	} {
		_, err := control.Decode(test.name, []byte(test.json))
		if !errors.Is(err, lattice.ErrInvalid) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("Decode(%s, %.100s): %v, want one that says %q", test.name, test.json, err, test.says)
		}
	}
	if _, err := control.Decode("component.explode", []byte(`{}`)); !errors.Is(err, lattice.ErrNotFound) {
		t.Errorf("unknown command: %v", err)
	}
	if _, err := control.Decode("config.put", make([]byte, control.MaxCommand+1)); !errors.Is(err, lattice.ErrInvalid) {
		t.Errorf("too long a command: %v", err)
	}
}

// Errors keep their kind on the way to the client.
func TestReply(t *testing.T) {
	for _, code := range lattice.Codes() {
		err := control.DecodeReply(control.EncodeReply(nil, code.Sentinel()), nil)
		if !errors.Is(err, code.Sentinel()) {
			t.Errorf("code %s: %v", code, err)
		}
	}
	want := &control.ComponentResult{
		Result: control.Result{Changed: true, Stamp: lattice.Stamp{Term: 1, Index: 2}}, Component: "c",
		Hosts: []control.Placement{{Host: hostID, MaxInstances: 1, Why: "it was named"}},
	}
	got := new(control.ComponentResult)
	if err := control.DecodeReply(control.EncodeReply(want, nil), got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("result %+v, %v, want %+v", got, err, want)
	}
	for _, text := range []string{``, `{}`, `{"result":{},"error":{"code":"invalid","message":""}}`, `{"result":1}`, `{"error":null}`} {
		if err := control.DecodeReply([]byte(text), got); err == nil {
			t.Errorf("DecodeReply(%q): no error", text)
		}
	}
}

func TestClient(t *testing.T) {
	n := memlattice.New(memlattice.Options{})
	m, err := n.Join("user")
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	c := &control.Client{Messenger: m, Lattice: lattice.DefaultName}
	if err := c.Do(t.Context(), &control.StopComponent{ID: "a"}, new(control.ComponentResult)); !errors.Is(err, lattice.ErrUnavailable) || !strings.Contains(err.Error(), "`wattle up`") {
		t.Errorf("without a scheduler: %v", err)
	}
	if err := c.Do(t.Context(), &control.StopComponent{}, new(control.ComponentResult)); !errors.Is(err, lattice.ErrInvalid) {
		t.Errorf("a command that is not valid: %v", err)
	}
	if _, err := m.Subscribe(wire.Subjects{Lattice: lattice.DefaultName}.Control("component.stop"), "", func(msg *lattice.Message) {
		if string(msg.Data) == `{"id":"a"}` {
			_ = m.Publish(&lattice.Message{Subject: msg.Reply, Data: control.EncodeReply(nil, lattice.ErrDenied)})
		}
	}); err != nil {
		t.Fatal(err)
	}
	if err := c.Do(t.Context(), &control.StopComponent{ID: "a"}, new(control.ComponentResult)); !errors.Is(err, lattice.ErrDenied) {
		t.Errorf("an answer that is an error: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Do(ctx, &control.StopComponent{ID: "b"}, new(control.ComponentResult)); !errors.Is(err, context.Canceled) {
		t.Errorf("after the context ended: %v", err)
	}
}

// What is decoded is valid, and encodes to something that decodes to it.
func FuzzDecode(f *testing.F) {
	for _, g := range goldens {
		f.Add(g.name, []byte(g.json))
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		cmd, err := control.Decode(name, data)
		if err != nil {
			if !errors.Is(err, lattice.ErrInvalid) && !errors.Is(err, lattice.ErrNotFound) {
				t.Errorf("%s %q: %v is of no kind", name, data, err)
			}
			return
		}
		text, err := control.Encode(cmd)
		if err != nil {
			t.Fatalf("%s %q: encode: %v", name, data, err)
		}
		again, err := control.Decode(name, text)
		if err != nil {
			t.Fatalf("%s %q: decode %q: %v", name, data, text, err)
		}
		if twice, err := control.Encode(again); err != nil || string(twice) != string(text) {
			t.Errorf("%s: %q encodes to %q and then to %q, %v", name, data, text, twice, err)
		}
	})
}

func FuzzDecodeReply(f *testing.F) {
	f.Add(control.EncodeReply(&control.ComponentResult{Component: "c"}, nil))
	f.Add(control.EncodeReply(nil, lattice.ErrDenied))
	f.Fuzz(func(_ *testing.T, data []byte) {
		_ = control.DecodeReply(data, new(control.ComponentResult))
	})
}
