package wire_test

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

var update = flag.Bool("update", false, "write the golden files")

const (
	hostA   = lattice.HostID("NAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	hostB   = lattice.HostID("NBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB")
	digest  = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	digest2 = "sha256:fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
)

var (
	then = time.Date(2026, 11, 22, 20, 0, 0, 123456789, time.UTC)

	link = lattice.Link{
		Source: "cart", Target: "redis_1", Name: "default", Namespace: "wasi", Package: "keyvalue",
		Interfaces: []string{"store", "atomics"}, SourceConfig: []lattice.ConfigName{"c1"}, TargetConfig: []lattice.ConfigName{"c2"},
		Secrets: map[string]lattice.SecretRef{"token": {Name: "cart-token"}},
	}
	desired = lattice.Desired{
		Lattice: "default", Host: hostA, Stamp: lattice.Stamp{Term: 3, Index: 14}, State: lattice.HostReady,
		Labels: map[string]string{"zone": "a", "wattle.dev/disk_kind": "ssd <fast> & “quiet”"},
		Components: []lattice.ComponentSpec{
			{
				ID: "cart", Ref: "./cart.wasm", Digest: digest, Revision: 7, MaxInstances: 100,
				Limits:      lattice.Limits{MemoryBytes: 64 << 20, TimeoutMillis: 30_000, Queue: 10, TableElements: 1000, RequestBytes: 1 << 20, ResponseBytes: 2 << 20, HostCalls: 1e6, LogBytesPerSecond: 64 << 10, Connections: 8, ClockResolutionMicros: 1000},
				Config:      map[string]string{"greeting": "hello\nworld", "k": ""},
				ConfigNames: []lattice.ConfigName{"base", "cart"}, Links: []lattice.Link{link},
				Capabilities: []lattice.Capability{
					{
						Kind: "keyvalue-redis", Name: "default", Namespace: "wasi", Package: "keyvalue", Interfaces: []string{"store"},
						Config:  map[string]string{"url": "redis://:${secret:password}@10.0.0.7"},
						Secrets: map[string]lattice.SecretRef{"password": {Name: "redis-password", Version: 3}},
					},
					{Kind: "keyvalue-nats", Name: "cache", Namespace: "wasi", Package: "keyvalue", Interfaces: []string{"store", "atomics"}},
				},
				Secrets: map[string]lattice.SecretRef{"api key": {Name: "api_key", Version: 1}},
				Routes:  []lattice.Route{{Path: "/"}, {Host: "cart.example.com", Path: "/v1/items"}},
				Preinit: true, Annotations: map[string]string{"wasmcloud.dev/managed-by": "wattle"},
				Probe:       &lattice.Probe{HTTPPath: "/healthz?full=%31", IntervalMillis: 500, TimeoutMillis: 250, Failures: 5},
				LeaseMillis: 3000,
				MCP: &lattice.MCP{
					Name: "cart-tools", Alias: "cart", Kind: lattice.MCPHTTP, Path: "/v1/mcp", Host: "cart.internal:8080", Pinned: true, Single: true,
					TimeoutMillis: 5000, Rate: 60, Allow: []string{"list_*"}, Deny: []string{"*_all", "*"},
					Tools: map[string]lattice.ToolRule{
						"order": {
							Name: "place", Title: "Place an order", Description: "One.\nTwo.", Annotations: json.RawMessage(`{"title":"x","readOnlyHint":false}`),
							TimeoutMillis: 100, Rate: 1, Hidden: true,
						},
						"see": {Name: "look"},
					},
				},
			},
			{ID: "bare", Ref: "x", Digest: digest, MaxInstances: 1, Probe: &lattice.Probe{Function: "ns:pkg/iface@1.0.0.func"}},
		},
	}
	assignment = lattice.Assignment{
		Component: "cart", Stamp: lattice.Stamp{Term: 3, Index: 14}, Routes: []lattice.Route{{Path: "/"}},
		MCP: &lattice.MCP{Name: "cart", Alias: "c"},
		Variants: []lattice.Variant{
			{Ref: "./cart.wasm", Digest: digest, Revision: 7, Weight: 90, Hosts: map[lattice.HostID]int{hostA: 100}},
			{Ref: "./cart-2.wasm", Digest: digest2, Revision: 8, Weight: 10, Hosts: map[lattice.HostID]int{hostB: 1}},
		},
	}
	ready  = lattice.Ready{Component: "cart", Host: hostA, Digest: digest, Since: then, Exports: []string{"wasi:http/incoming-handler@0.2.6"}}
	report = lattice.HostReport{
		ID: hostA, Name: "amber-river", Lattice: "default", Group: "edge", Version: "v0.1.0 (4e7ab9b)",
		Labels: map[string]string{"arch": "amd64"}, State: lattice.HostReady, Started: then, Time: then.Add(time.Minute), Sequence: 41, Every: 2000,
		Capacity: lattice.Capacity{CPUs: 1.5, MemoryBytes: 8 << 30},
		Load:     lattice.Load{CPU: 0.25, MachineCPU: 1e-7, MemoryBytes: 1 << 26, AvailableBytes: 1 << 32, Running: 3, Waiting: 1},
		Applied:  lattice.Stamp{Term: 3, Index: 13},
		Components: []lattice.ComponentStatus{{
			ID: "cart", Ref: "./cart.wasm", Digest: digest, Revision: 7, State: lattice.ComponentFailed, Reason: "trap:\n\tunreachable",
			Next:  &lattice.NextStatus{Revision: 8, Digest: digest2, State: lattice.ComponentStarting, Reason: "GET /healthz: 503"},
			Since: then, MaxInstances: 100, Running: 3, Waiting: 1, Calls: 12, Failures: 2, Annotations: map[string]string{"a": "b"},
			Faults: []lattice.LinkFault{{Link: "db", Capability: "postgres", Reason: "the database cannot be reached", Since: then}},
		}},
		Providers: []lattice.ProviderStatus{{ID: "http", Name: "HTTP", Interfaces: []string{"wasi:http/incoming-handler"}, Address: "127.0.0.1:8000", State: "running"}},
	}
	packed = wire.Packed{Component: "cart", Host: hostA, Digest: digest, Revision: 7, Contents: []byte{0x1f, 0x8b, 0xff, 0xfe}}
	event  = lattice.Event{
		SpecVersion: "1.0", ID: "01", Source: string(hostA), Type: lattice.EventPrefix + lattice.EventComponentStarted,
		Subject: "cart", Time: then, DataContentType: "application/json", Data: json.RawMessage(`{"id":"cart"}`),
	}
	config        = lattice.Config{"greeting": "hello", "pem": "-----BEGIN\n\tx\r\n", "a b": ""}
	secretRef     = lattice.SecretRef{Name: "cart-token", Version: 2}
	secretRequest = wire.SecretRequest{Host: hostA, Secret: secretRef, Key: []byte{1, 2, 3, 0xff}}
	secretAnswer  = wire.SecretAnswer{Host: hostA, Secret: secretRef, Sealed: []byte("sealed?>")}

	reply  = wire.Reply{Result: json.RawMessage(`{"revision":7}`)}
	failed = wire.Reply{Error: &lattice.Error{Code: lattice.CodeNotFound, Message: `component "cart": not found`, Host: hostA, Undelivered: true}}
)

// form is a document with its codec, so that every kind goes through the same
// tests.
type form struct {
	name    string
	value   any
	encode  func(v any) ([]byte, error)
	decode  func(data []byte) (any, error)
	lenient bool
}

func forms() []form {
	as := func(v any, err error) (any, error) {
		if err != nil {
			return nil, err
		}
		return v, nil
	}
	return []form{
		{
			"desired", &desired,
			func(v any) ([]byte, error) { return wire.EncodeDesired(v.(*lattice.Desired)) },
			func(data []byte) (any, error) { return as(wire.DecodeDesired(data, "default", hostA)) }, false,
		},
		{
			"assignment", &assignment,
			func(v any) ([]byte, error) { return wire.EncodeAssignment(v.(*lattice.Assignment)) },
			func(data []byte) (any, error) { return as(wire.DecodeAssignment(data, "cart")) }, false,
		},
		{
			"ready", &ready,
			func(v any) ([]byte, error) { return wire.EncodeReady(v.(*lattice.Ready)) },
			func(data []byte) (any, error) { return as(wire.DecodeReady(data, hostA, "cart")) }, true,
		},
		{
			"report", &report,
			func(v any) ([]byte, error) { return wire.EncodeHostReport(v.(*lattice.HostReport)) },
			func(data []byte) (any, error) { return as(wire.DecodeHostReport(data, "default", hostA)) }, true,
		},
		{
			"listing", &packed,
			func(v any) ([]byte, error) { return wire.EncodePacked(v.(*wire.Packed)) },
			func(data []byte) (any, error) { return as(wire.DecodePacked(data, hostA, "cart")) }, true,
		},
		{
			"link", &link,
			func(v any) ([]byte, error) { return wire.EncodeLink(v.(*lattice.Link)) },
			func(data []byte) (any, error) { return as(wire.DecodeLink(data, "cart.wasi.keyvalue.default")) }, false,
		},
		{
			"config", config,
			func(v any) ([]byte, error) { return wire.EncodeConfig(v.(lattice.Config)) },
			func(data []byte) (any, error) { return as(wire.DecodeConfig(data)) }, false,
		},
		{
			"event", &event,
			func(v any) ([]byte, error) { return wire.EncodeEvent(v.(*lattice.Event)) },
			func(data []byte) (any, error) { return as(wire.DecodeEvent(data)) }, true,
		},
		{
			"secret-request", &secretRequest,
			func(v any) ([]byte, error) { return wire.EncodeSecretRequest(v.(*wire.SecretRequest)) },
			func(data []byte) (any, error) { return as(wire.DecodeSecretRequest(data, hostA)) }, false,
		},
		{
			"seal-key",
			[]byte{1, 2, 3},
			func(v any) ([]byte, error) { return wire.EncodeSealKey("default", v.([]byte)) },
			func(data []byte) (any, error) { return as(wire.DecodeSealKey(data, "default")) },
			false,
		},
		{
			"secret-answer", &secretAnswer,
			func(v any) ([]byte, error) { return wire.EncodeSecretAnswer(v.(*wire.SecretAnswer)) },
			func(data []byte) (any, error) { return as(wire.DecodeSecretAnswer(data, hostA, secretRef)) }, false,
		},
		{"reply", &reply, encodeReply, decodeReply, true},
		{"reply-error", &failed, encodeReply, decodeReply, true},
		{
			"signed", &wire.Signed{Value: []byte(`{"a": [1, 2]}`), Signer: string(hostA), Signature: slices.Repeat([]byte{0xfb}, 64)},
			func(v any) ([]byte, error) { return v.(*wire.Signed).Encode() },
			func(data []byte) (any, error) { return as(wire.ParseSigned(data)) }, false,
		},
	}
}

func encodeReply(v any) ([]byte, error) { return wire.EncodeReply(v.(*wire.Reply)) }

func decodeReply(data []byte) (any, error) {
	r, err := wire.DecodeReply(data)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func TestGolden(t *testing.T) {
	for _, f := range forms() {
		t.Run(f.name, func(t *testing.T) {
			data, err := f.encode(f.value)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", f.name+".json")
			if *update {
				if err := os.WriteFile(file, append(data, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			golden, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.TrimSuffix(string(golden), "\n"), string(data)); diff != "" {
				t.Errorf("%s (-golden +encoded):\n%s", file, diff)
			}
			got, err := f.decode(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(f.value, got); diff != "" {
				t.Errorf("decoded (-want +got):\n%s", diff)
			}
		})
	}
}

// TestFields takes, from every object of every document, each field away, gives it
// another name, gives it twice and makes it null.
func TestFields(t *testing.T) {
	for _, f := range forms() {
		data, err := f.encode(f.value)
		if err != nil {
			t.Fatal(err)
		}
		optional := optionalFields(reflect.TypeOf(f.value))
		for _, at := range membersOf(t, data) {
			if at.foreign() {
				continue
			}
			try := func(what, text string, want bool) {
				t.Helper()
				_, err := f.decode([]byte(text))
				switch {
				case want && err != nil:
					t.Errorf("%s: %s %s: %v", f.name, what, at.path, err)
				case !want && !errors.Is(err, lattice.ErrInvalid):
					t.Errorf("%s: %s %s: %v, want ErrInvalid", f.name, what, at.path, err)
				}
			}
			free := at.free(f.name)
			try("null for", at.replace(data, at.quoted+":null"), at.raw())
			try("twice", at.replace(data, at.text+","+at.text), false)
			extra := at.replace(data, at.text+`,"never_heard":{"of":[1,-2.5e3,"it",null,true]}`)
			if free {
				continue
			}
			strict := !f.lenient || strings.HasPrefix(at.path, "applied.")
			try("unknown field beside", extra, !strict)
			if _, err := f.decode([]byte(extra)); strict && (err == nil ||
				!strings.Contains(err.Error(), "never_heard") || !strings.Contains(err.Error(), "upgrade this host")) {
				t.Errorf("%s: %v: want the field named, and the next step", f.name, err)
			}
			try("without", at.remove(data), optional[at.path])
			if !f.lenient {
				try("upper case for", at.replace(data, strings.ToUpper(at.quoted)+at.text[len(at.quoted):]), false)
			}
		}
	}
}

// optionalFields are the paths of all fields that are left out when they are
// empty.
func optionalFields(t reflect.Type) map[string]bool {
	all := map[string]bool{}
	var walk func(path string, t reflect.Type)
	walk = func(path string, t reflect.Type) {
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice:
			walk(path, t.Elem())
		case reflect.Struct:
			for field := range t.Fields() {
				tag, ok := field.Tag.Lookup("json")
				if !ok {
					continue
				}
				name, rest, _ := strings.Cut(tag, ",")
				all[path+name] = rest != ""
				walk(path+name+".", field.Type)
			}
		}
	}
	walk("", t)
	walk("components.mcp.tools.order.", reflect.TypeFor[lattice.ToolRule]())
	walk("components.mcp.tools.see.", reflect.TypeFor[lattice.ToolRule]())
	// One of them has to be there.
	all["components.probe.http_path"], all["components.probe.function"] = false, false
	// Package wire writes errors without tags in package lattice.
	all["error.host"], all["error.undelivered"] = true, true
	return all
}

// member is a field of an object in a document.
type member struct {
	path, name, quoted string
	text               string // with its value
	from, to           int
}

// raw says that a member may be any JSON.
func (m member) raw() bool { return m.path == "data" || m.path == "value" || m.path == "result" }

// foreign says that a member lies in such a one.
func (m member) foreign() bool {
	top, _, nested := strings.Cut(m.path, ".")
	return nested && member{path: top}.raw()
}

// free says that a member is a key of a table.
func (m member) free(form string) bool {
	for _, table := range []string{"labels.", "config.", "annotations.", "variants.hosts."} {
		if strings.Contains("."+m.path, "."+table) {
			return true
		}
	}
	_, secret, ok := strings.Cut("."+m.path, ".secrets.") // what is in one has names of ours
	_, tool, tools := strings.Cut("."+m.path, ".tools.")
	return form == "config" || ok && !strings.Contains(secret, ".") || tools && !strings.Contains(tool, ".")
}

func (m member) replace(data []byte, with string) string {
	return string(data[:m.from]) + with + string(data[m.to:])
}

func (m member) remove(data []byte) string {
	from, to := m.from, m.to
	switch {
	case data[to] == ',':
		to++
	case data[from-1] == ',':
		from--
	}
	return string(data[:from]) + string(data[to:])
}

// membersOf finds all members, by a parser of its own.
func membersOf(t *testing.T, data []byte) []member {
	t.Helper()
	var all []member
	pos := 0
	var value func(path string)
	text := func() string {
		from := pos
		for pos++; data[pos] != '"'; pos++ {
			if data[pos] == '\\' {
				pos++
			}
		}
		pos++
		return string(data[from:pos])
	}
	value = func(path string) {
		for data[pos] == ' ' {
			pos++
		}
		switch data[pos] {
		case '{':
			for pos++; data[pos] != '}'; {
				from := pos
				quoted := text()
				pos++ // :
				name := strings.Trim(quoted, `"`)
				value(path + name + ".")
				all = append(all, member{path: path + name, name: name, quoted: quoted, text: string(data[from:pos]), from: from, to: pos})
				if data[pos] == ',' {
					pos++
				}
			}
			pos++
		case '[':
			for pos++; data[pos] != ']'; {
				value(path)
				if data[pos] == ',' {
					pos++
				}
			}
			pos++
		case '"':
			text()
		default:
			for !strings.ContainsRune(",]}", rune(data[pos])) {
				pos++
			}
		}
	}
	value("")
	return all
}
