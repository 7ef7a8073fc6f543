package wire_test

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// TestReject has valid documents with one change each.
func TestReject(t *testing.T) {
	const key = `"id":"cart"`
	for _, c := range []struct {
		form, old, new string
		want           string // in the error
	}{
		{"desired", `"default","host"`, `"other","host"`, `lattice: invalid: want "default", have "other"`},
		{"desired", string(hostA), string(hostB), "host: invalid: want"},
		{"desired", string(hostA), "N", "host: invalid: host"},
		{"desired", `"term":3`, `"term":-3`, "stamp.term"},
		{"desired", `"term":3`, `"term":3.0`, "stamp.term"},
		{"desired", `"term":3`, `"term":03`, "stamp"},
		{"desired", `"term":3`, `"term":18446744073709551616`, "stamp.term"},
		{"desired", `"term":3`, `"term":"3"`, "want a number, have a string"},
		{"desired", `"state":"ready"`, `"state":"draining"`, "state"},
		{"desired", `"state":"ready"`, `"state":""`, "state"},
		{"desired", `"zone":"a"`, `"zone":1`, "labels.zone: invalid: want a string, have a number"},
		{"desired", `"zone":"a"`, `"zone":"a","zone":"b"`, "labels.zone: invalid: the key is there twice"},
		{"desired", `"zone":"a"`, `"zone":"a","\u007aone":"b"`, "labels.zone: invalid: the key is there twice"},
		{"desired", `"zone":"a"`, `"zo ne":"a"`, "want 1 to 63 letters"},
		{"desired", `"zone":"a"`, `"":"a"`, "want 1 to 63 letters"},
		{"desired", `"zone":"a"`, `"zone":"a\nb"`, "cannot be printed"},
		{"desired", `"zone":"a"`, `"zone":"\u200e"`, "cannot be printed"},
		{"desired", `"zone":"a"`, "\"zone\":\"\xff\"", "not UTF-8"},
		{"desired", `"zone":"a"`, "\"zone\":\"\n\"", "control character"},
		{"desired", `"zone":"a"`, `"zone":"\ud800"`, "escape"},
		{"desired", `"zone":"a"`, `"zone":"\ud800\u0041"`, "escape"},
		{"desired", `"zone":"a"`, `"zone":"\x"`, "escape"},
		{"desired", `"zone":"a"`, `"zone":"\u12"`, "escape"},
		{"desired", `"zone":"a"`, `"zone":"` + strings.Repeat("a", 257) + `"`, "longer than 256"},
		{"desired", `"zone":"a"`, `"` + strings.Repeat("a", 64) + `":"a"`, "want 1 to 63"},
		{"desired", key, `"id":"ca.rt"`, "components[0].id: invalid: component"},
		{"desired", key, `"id":""`, "components[0].id"},
		{"desired", `"id":"bare"`, key, `components[1]: invalid: component "cart" is there twice`},
		{"desired", `"ref":"./cart.wasm"`, `"ref":""`, "components[0].ref: invalid: it is empty"},
		{"desired", "sha256:0", "sha256:A", "components[0].digest"},
		{"desired", "sha256:0", "sha256:", "components[0].digest"},
		{"desired", "sha256:0", "sha512:0", "components[0].digest"},
		{"desired", `"max_instances":100`, `"max_instances":0`, "components[0].max_instances: invalid: want an integer from 1"},
		{"desired", `"max_instances":100`, `"max_instances":65537`, "from 1 to 65536"},
		{"desired", `"queue":10`, `"queue":-1`, "components[0].limits.queue"},
		{"desired", `"timeout_ms":30000`, `"timeout_ms":604800001`, "limits.timeout_ms"},
		{"desired", `"memory_bytes":67108864`, `"memory_bytes":1099511627777`, "limits.memory_bytes"},
		{"desired", `"table_elements":1000`, `"table_elements":16777217`, "limits.table_elements"},
		{"desired", `"request_bytes":1048576`, `"request_bytes":1099511627777`, "limits.request_bytes"},
		{"desired", `"response_bytes":2097152`, `"response_bytes":-1`, "limits.response_bytes"},
		{"desired", `"host_calls":1000000`, `"host_calls":1e6`, "limits.host_calls"},
		{"desired", `"log_bytes_per_second":65536`, `"log_bytes_per_second":1073741825`, "limits.log_bytes_per_second"},
		{"desired", `"connections":8`, `"connections":65537`, "limits.connections"},
		{"desired", `"clock_resolution_us":1000`, `"clock_resolution_us":1000001`, "limits.clock_resolution_us"},
		{"desired", `"kind":"keyvalue-redis"`, `"kind":"wattle://keyvalue-redis"`, "capabilities[0].kind"},
		{"desired", `"kind":"keyvalue-redis"`, `"kind":""`, "capabilities[0].kind"},
		{"desired", `"kind":"keyvalue-redis",`, ``, `capabilities[0]: invalid: the field "kind" is missing`},
		{"desired", `"name":"cache"`, `"name":""`, `capabilities[1].name: invalid: want "default", have ""`},
		{"desired", `"interfaces":["store"]`, `"interfaces":[]`, "capabilities[0].interfaces: invalid: there is none"},
		{"desired", `"interfaces":["store"]`, `"interfaces":["Store"]`, "capabilities[0].interfaces[0]"},
		{"desired", `"url":`, `"u\u0000rl":`, "capabilities[0].config"},
		{"desired", `"password":{`, `"pass}word":{`, "capabilities[0].secrets.pass}word: invalid: secret"},
		{"desired", `"password":{`, `"":{`, "capabilities[0].secrets"},
		{"desired", `"name":"redis-password"`, `"name":"redis.password"`, "capabilities[0].secrets.password.name: invalid: secret"},
		{"link", `"version":0`, `"version":9007199254740993`, "secrets.token.version"},
		{"link", `"version":0`, `"version":"0"`, "secrets.token.version: invalid: want a number"},
		{"desired", `"version":3`, `"version":0`, "capabilities[0].secrets.password.version: invalid: want an integer from 1"},
		{"desired", `"version":3`, `"version":3,"value":"x"`, "capabilities[0].secrets.password.value: invalid: the field is not known"},
		{"desired", `"api key":`, `"api key":{"name":"a","version":1},"api key":`, "secrets.api key: invalid: the key is there twice"},
		{"link", `"target":"redis_1"`, `"target":"wattle://"`, "target: invalid: target"},
		{"link", `"target":"redis_1"`, `"target":"wattle://Redis"`, "target: invalid: target"},
		{"link", `"target":"redis_1"`, `"target":"redis://x"`, "target: invalid: target"},
		{"desired", `"preinit":true`, `"preinit":1`, "want true or false"},
		{"desired", `"preinit":true`, `"preinit":truer`, "components[0]"},
		{"desired", `"source_id":"cart"`, `"source_id":"other"`, "links[0].source_id: want"},
		{"desired", `"target":"redis_1"`, `"target":"*"`, "components[0].links[0].target"},
		{"desired", `"name":"default"`, `"name":""`, `links[0].name: invalid: want "default", have ""`},
		{"desired", `"wit_namespace":"wasi"`, `"wit_namespace":"wasi.x"`, "links[0].wit_namespace"},
		{"desired", `"wit_namespace":"wasi"`, `"wit_namespace":"WASI"`, "links[0].wit_namespace"},
		{"desired", `"wit_package":"keyvalue"`, `"wit_package":"keyvalue@0.2.0"`, "links[0].wit_package"},
		{"desired", `["store","atomics"]`, `[]`, "interfaces: invalid: there is none"},
		{"desired", `["store","atomics"]`, `["store@0.2.0"]`, "interfaces[0]"},
		{"desired", `"host":"cart.example.com"`, `"host":"Cart.Example.com"`, `routes[1]: invalid: want "cart.example.com/v1/items"`},
		{"desired", `"host":"cart.example.com"`, `"host":"cart.example.com:80"`, "routes[1]: invalid: route host"},
		{"desired", `"host":"cart.example.com"`, `"host":""`, "routes[1].host: invalid: it is empty"},
		{"desired", `"path":"/v1/items"`, `"path":"/v1/items/"`, "routes[1]"},
		{"desired", `"path":"/v1/items"`, `"path":"/v1/../items"`, "routes[1]"},
		{"desired", `"path":"/v1/items"`, `"path":"/v1//items"`, "routes[1]"},
		{"desired", `"path":"/v1/items"`, `"path":"/v1%2fitems"`, "routes[1]"},
		{"desired", `"path":"/v1/items"`, `"path":"/v1?q"`, "routes[1]"},
		{"desired", `{"host":"cart.example.com","path":"/v1/items"}`, `{"path":"/"}`, "routes[1]: invalid: the route is there twice"},
		{"desired", `"config_names":["base","cart"]`, `"config_names":["b ase"]`, "config_names[0]"},
		{"desired", `{"lattice"`, `[{"lattice"`, "want an object, have an array"},
		{"desired", `{"lattice"`, `{,"lattice"`, "want a string"},
		{"desired", `{"lattice"`, ` {"lattice" "x"`, "want :"},
		{"desired", `"http_path"`, `"function":"f","http_path"`, "components[0].probe: invalid: probe: want either an HTTP path or a function"},
		{"desired", `/healthz?full=%31`, `healthz`, "components[0].probe: invalid: probe: \"healthz\" is not the path"},
		{"desired", `/healthz?full=%31`, `/health z`, "components[0].probe"},
		{"desired", `/healthz?full=%31`, `/healthz#top`, "components[0].probe"},
		{"desired", `/healthz?full=%31`, `/healthz?full=%3`, "components[0].probe"},
		{"desired", `/healthz?full=%31`, `/é`, "components[0].probe"},
		{"desired", `/healthz?full=%31`, `/` + strings.Repeat("a", wire.MaxRoutePath), "components[0].probe.http_path: invalid: the string is longer"},
		{"desired", `"interval_ms":500`, `"interval_ms":-1`, "probe.interval_ms"},
		{"desired", `"timeout_ms":250`, `"timeout_ms":604800001`, "probe.timeout_ms"},
		{"desired", `"failures":5`, `"failures":1001`, "probe.failures"},
		{"desired", `ns:pkg/iface@1.0.0.func`, `ns:pkg/iface@1.0.0`, "components[1].probe: invalid: probe: \"ns:pkg/iface@1.0.0\" is not a function"},
		{"desired", `ns:pkg/iface@1.0.0.func`, `pkg/iface.func`, "components[1].probe"},
		{"desired", `ns:pkg/iface@1.0.0.func`, `Func`, "components[1].probe"},
		{"desired", `"name":"cart-tools"`, `"name":"Cart"`, "components[0].mcp.name: invalid"},
		{"desired", `"name":"cart-tools"`, `"name":"-cart"`, "components[0].mcp.name: invalid"},
		{"desired", `"alias":"cart"`, `"alias":"a_b"`, `components[0].mcp: invalid: "a_b" cannot be an alias`},
		{"desired", `"alias":"cart"`, `"alias":"` + strings.Repeat("a", 17) + `"`, "components[0].mcp.alias: invalid: the string is longer"},
		{"desired", `"kind":"http"`, `"kind":"grpc"`, "components[0].mcp.kind"},
		{"desired", `"kind":"http"`, `"kind":"strict"`, `components[0].mcp: invalid: path and host are those of kind "http" only`},
		{"desired", `"path":"/v1/mcp"`, `"path":"v1"`, "components[0].mcp: invalid: path"},
		{"desired", `"path":"/v1/mcp"`, `"path":"/v1/../mcp"`, "components[0].mcp: invalid: path"},
		{"desired", `"host":"cart.internal:8080"`, `"host":"a b"`, "components[0].mcp: invalid: host"},
		{"desired", `"host":"cart.internal:8080"`, `"host":"a/b"`, "components[0].mcp: invalid: host"},
		{"desired", `"pinned":true`, `"pinned":"yes"`, "components[0].mcp.pinned"},
		{"desired", `"timeout_ms":5000`, `"timeout_ms":-1`, "components[0].mcp.timeout_ms"},
		{"desired", `"rate":60`, `"rate":1000001`, "components[0].mcp.rate"},
		{"desired", `"list_*"`, `"list *"`, "components[0].mcp: invalid: pattern of tools"},
		{"desired", `"list_*"`, `"` + strings.Repeat("*a", 9) + `"`, "components[0].mcp: invalid: pattern of tools"},
		{"desired", `"list_*"`, `""`, "components[0].mcp.allow[0]: invalid: it is empty"},
		{"desired", `"order":{`, `"or der":{`, `components[0].mcp: invalid: "or der" cannot name a tool`},
		{"desired", `"see":{`, `"order":{`, "mcp.tools.order: invalid: the tool is there twice"},
		{"desired", `"name":"place","title"`, `"name":"pl/ace","title"`, `"pl/ace" cannot name a tool`},
		{"desired", `"title":"Place an order"`, `"title":"Place\n"`, "mcp.tools.order.title"},
		{"desired", `"description":"One.\nTwo."`, `"description":"\u202e"`, "mcp.tools.order.description"},
		{"desired", `"readOnlyHint":false`, `"readOnlyHint":0`, "mcp: invalid: tool \"order\": annotations"},
		{"desired", `"readOnlyHint":false`, `"readOnly":false`, "mcp: invalid: tool \"order\": annotations"},
		{"desired", `"title":"x"`, `"title":["x"]`, "mcp: invalid: tool \"order\": annotations"},
		{"assignment", `"alias":"c"`, `"alias":""`, "mcp: invalid"},
		{"assignment", `"alias":"c"`, `"alias":"c","tools":{"b":{},"a":{"name":"b"}}`, `the tools "a" and "b" would both have the name "b"`},
		{"listing", `"contents":"H4v//g=="`, `"contents":"H4v_"`, "contents: invalid"},
		{"listing", `"contents":"H4v//g=="`, `"contents":"H4v//g="`, "contents: invalid"},
		{"listing", `"contents":"H4v//g=="`, `"contents":""`, "contents: invalid"},
		{"listing", `"host":"` + string(hostA), `"host":"` + string(hostB), "host: invalid: want"},
		{"desired", `"lease_ms":3000`, `"lease_ms":604800001`, "components[0].lease_ms"},
		{"assignment", `"component":"cart"`, `"component":"other"`, "component: invalid: want"},
		{"assignment", string(hostB), string(hostA), "variants[1].hosts." + string(hostA) + ": invalid: host " + string(hostA) + " is there twice"},
		{"assignment", `{"N`, `{"M`, "variants[0].hosts.M"},
		{"assignment", `"revision":8`, `"revision":7`, "variants[1]: invalid: revision 7 is there twice"},
		{"assignment", `"weight":90`, `"weight":101`, "variants[0].weight: invalid: want an integer from 0 to 100"},
		{"assignment", `"weight":90`, `"weight":-1`, "variants[0].weight"},
		{"assignment", `":100}`, `":0}`, "variants[0].hosts." + string(hostA) + ": invalid: want an integer from 1 to 65536"},
		{"assignment", `"variants":[`, `"variants":[{},`, `variants[0]: invalid: the field "ref" is missing`},
		{"assignment", `"ref":"./cart.wasm"`, `"ref":""`, "variants[0].ref: invalid: it is empty"},
		{"ready", `"component":"cart"`, `"component":"other"`, "component: invalid: want"},
		{"ready", string(hostA), string(hostB), "host: invalid: want"},
		{"ready", `"since":"2026-11-22T20:00:00.123456789Z"`, `"since":"2026-11-22 20:00:00Z"`, "since: invalid: want a time"},
		{"ready", `"since":"2026-11-22T20:00:00.123456789Z"`, `"since":"0000-11-22T20:00:00Z"`, "since: invalid: want a time"},
		{"report", `"every_ms":2000`, `"every_ms":0`, "every_ms"},
		{"report", `"cpu":0.25`, `"cpu":-0.25`, "load.cpu: invalid: want a number that is not negative"},
		{"report", `"cpu":0.25`, `"cpu":1e999`, "load.cpu"},
		{"report", `"cpu":0.25`, `"cpu":.25`, "load.cpu"},
		{"report", `"cpu":0.25`, `"cpu":1e`, "load.cpu"},
		{"report", `"cpu":0.25`, `"cpu":NaN`, "load.cpu"},
		{"report", `"running":3`, `"running":9223372036854775808`, "load.running"},
		{"report", `"state":"ready"`, `"state":"Ready to go"`, "state: invalid: want a lower-case word"},
		{"link", `"source_id":"cart"`, `"source_id":"other"`, `it is under key "cart.wasi.keyvalue.default" and belongs under "other.`},
		{"config", `"greeting"`, `"gree\u0000ting"`, "cannot be printed"},
		{"secret-request", string(hostA), string(hostB), "host: invalid: want"},
		{"secret-request", `"version":2`, `"version":0`, "secret.version"},
		{"secret-request", `"key":"AQID/w=="`, `"key":""`, "key: invalid: want 1 to 4096 bytes in base64"},
		{"secret-request", `"key":"AQID/w=="`, `"key":"AQID_w=="`, "key: invalid: want 1 to"},
		{"secret-request", `"key":"AQID/w=="`, `"key":"AQID/x=="`, "key: invalid: want 1 to"}, // bits that stand for nothing
		{"secret-request", `"key":"AQID/w=="`, `"key":"` + strings.Repeat("AAAA", 1367) + `"`, "key: invalid: the string is longer"},
		{"secret-answer", `"version":2`, `"version":1`, `secret: invalid: want version 2 of "cart-token", have version 1`},
		{"secret-answer", `"name":"cart-token"`, `"name":"shop-token"`, `have version 2 of "shop-token"`},
		{"seal-key", `"default"`, `"other"`, `lattice: invalid: want "default"`},
		{"secret-answer", string(hostA), string(hostB), "host: invalid: want"},
		{"event", `"1.0"`, `"0.3"`, "specversion"},
		{"event", `{"id":"cart"}`, `{"id":"cart"`, "want"},
		{"event", `{"id":"cart"}`, strings.Repeat("[", 40) + strings.Repeat("]", 40), "nested more than 32 deep"},
		{"reply", `{"result"`, `{"error":{"code":"denied","message":"no"},"result"`, "either a result or an error"},
		{"reply", `{"result":{"revision":7}}`, `{}`, "either a result or an error"},
		{"reply-error", `"not-found"`, `"Not Found"`, "error.code"},
		{"signed", `"N`, `"N!`, "signer"},
		{"signed", `-w"`, `-x"`, "signature"}, // bits that stand for nothing
		{"signed", `-w"`, `"`, "signature"},
		{"signed", `-w"`, `-w=="`, "signature"},
	} {
		i := slices.IndexFunc(forms(), func(f form) bool { return f.name == c.form })
		f := forms()[i]
		data, err := f.encode(f.value)
		if err != nil {
			t.Fatal(err)
		}
		changed := strings.Replace(string(data), c.old, c.new, 1)
		if changed == string(data) {
			t.Errorf("%s: there is no %s", c.form, c.old)
		}
		_, err = f.decode([]byte(changed))
		if !errors.Is(err, lattice.ErrInvalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s with %.60s: error is %v\nwant ErrInvalid and %q", c.form, c.new, err, c.want)
		}
	}
}

// TestCut decodes every beginning of every document, and every document with
// something after it.
func TestCut(t *testing.T) {
	for _, f := range forms() {
		data, err := f.encode(f.value)
		if err != nil {
			t.Fatal(err)
		}
		for i := range data {
			if _, err := f.decode(data[:i]); !errors.Is(err, lattice.ErrInvalid) {
				t.Fatalf("%s, the first %d bytes: %v, want ErrInvalid", f.name, i, err)
			}
		}
		for _, tail := range []string{"x", "{}", ",", "\x00", string(data)} {
			if _, err := f.decode(append(slices.Clone(data), tail...)); !errors.Is(err, lattice.ErrInvalid) {
				t.Errorf("%s with %q after it: %v, want ErrInvalid", f.name, tail, err)
			}
		}
		if _, err := f.decode([]byte("\r\n\t " + string(data) + " \n")); err != nil {
			t.Errorf("%s with blanks around it: %v", f.name, err)
		}
	}
}

// TestEncodeRejects has the encoders refuse what the decoders would.
func TestEncodeRejects(t *testing.T) {
	for name, change := range map[string]func(d *lattice.Desired){
		"lattice":   func(d *lattice.Desired) { d.Lattice = "" },
		"host":      func(d *lattice.Desired) { d.Host = "x" },
		"state":     func(d *lattice.Desired) { d.State = lattice.HostDraining },
		"label":     func(d *lattice.Desired) { d.Labels = map[string]string{"a": "\xff"} },
		"instances": func(d *lattice.Desired) { d.Components[0].MaxInstances = 0 },
		"negative":  func(d *lattice.Desired) { d.Components[0].Limits.Queue = -1 },
		"routes":    func(d *lattice.Desired) { d.Components[0].Routes = []lattice.Route{{Path: "x"}} },
	} {
		d := desired
		d.Components = slices.Clone(d.Components)
		change(&d)
		if _, err := wire.EncodeDesired(&d); !errors.Is(err, lattice.ErrInvalid) {
			t.Errorf("EncodeDesired with bad %s: %v, want ErrInvalid", name, err)
		}
	}
	r := report
	r.Load.CPU = math.NaN()
	if _, err := wire.EncodeHostReport(&r); !errors.Is(err, lattice.ErrInvalid) {
		t.Errorf("EncodeHostReport with NaN: %v, want ErrInvalid", err)
	}
	r = report
	r.Time = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	if _, err := wire.EncodeHostReport(&r); !errors.Is(err, lattice.ErrInvalid) {
		t.Errorf("EncodeHostReport with the year 10000: %v, want ErrInvalid", err)
	}
	large := lattice.Config{}
	for i := range 10 {
		large[fmt.Sprint(i)] = strings.Repeat("x", wire.MaxConfigValue)
	}
	if _, err := wire.EncodeConfig(large); !errors.Is(err, lattice.ErrExhausted) {
		t.Errorf("EncodeConfig over MaxDocument: %v, want ErrExhausted", err)
	}
}

// TestEmpty round-trips what has nothing in it.
func TestEmpty(t *testing.T) {
	for _, variants := range [][]lattice.Variant{nil, {{Ref: "r", Digest: digest}}} {
		data, err := wire.EncodeAssignment(&lattice.Assignment{Component: "c", Variants: variants})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := wire.DecodeAssignment(data, "c"); err != nil || len(got.Variants) != len(variants) || len(got.Hosts()) != 0 {
			t.Errorf("assignment to no host: %v, %v", got, err)
		}
		if len(variants) > 0 && variants[0].Hosts != nil {
			t.Error("EncodeAssignment changed its argument")
		}
	}
	data, err := wire.EncodeConfig(nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := wire.DecodeConfig(data); err != nil || got == nil || len(got) != 0 {
		t.Errorf("empty configuration: %v, %v", got, err)
	}
	r := report
	r.Providers = []lattice.ProviderStatus{{ID: "p"}}
	if _, err = wire.EncodeHostReport(&r); err != nil {
		t.Error(err)
	}
	if r.Providers[0].Interfaces != nil {
		t.Error("EncodeHostReport changed its argument")
	}
	data, err = wire.EncodeReply(&wire.Reply{})
	if err != nil || string(data) != `{"result":null}` {
		t.Errorf("empty reply: %s, %v", data, err)
	}
}

// TestLargest is that each bound on numbers can be reached within MaxDocument, and
// that a document fits with its signature.
func TestLargest(t *testing.T) {
	a := assignment
	old := lattice.Variant{Ref: "r", Digest: digest, Revision: 1, Hosts: map[lattice.HostID]int{}}
	next := lattice.Variant{Ref: "r", Digest: digest, Revision: 2, Hosts: map[lattice.HostID]int{}}
	a.Variants = []lattice.Variant{old, next}
	id := []byte(hostA)
	for i := range wire.MaxHosts {
		id[1], id[2], id[3] = 'A'+byte(i%26), 'A'+byte(i/26%26), 'A'+byte(i/26/26)
		a.Variants[i%2].Hosts[lattice.HostID(id)] = wire.MaxInstances
	}
	data, err := wire.EncodeAssignment(&a)
	if err != nil {
		t.Fatal(err)
	}
	s := wire.Signed{Value: data, Signer: strings.Repeat("x", wire.MaxSigner), Signature: make([]byte, 64)}
	if _, err := s.Encode(); err != nil {
		t.Error(err)
	}
	next.Hosts[hostB] = 1
	if _, err := wire.EncodeAssignment(&a); err == nil || !strings.Contains(err.Error(), fmt.Sprint("more than ", wire.MaxHosts)) {
		t.Errorf("one host too many: %v", err)
	}
	full := wire.Signed{Value: []byte(`"` + strings.Repeat("x", wire.MaxDocument-2) + `"`), Signer: s.Signer, Signature: s.Signature}
	if _, err := full.Encode(); err != nil {
		t.Errorf("MaxDocument leaves no room for a signature: %v", err)
	}
}

// TestAllocation is that a decoder takes memory in proportion to what it reads, at
// the worst of documents.
func TestAllocation(t *testing.T) {
	host := `"` + string(hostA) + `",`
	for name, text := range map[string]string{
		"objects":    `{"components":[` + strings.Repeat("{},", wire.MaxDocument/3),
		"hosts":      `{"hosts":[` + strings.Repeat(host, wire.MaxDocument/len(host)-1),
		"depth":      strings.Repeat("[", wire.MaxDocument),
		"deep":       `{"x":` + strings.Repeat(`{"x":`, wire.MaxDocument/6),
		"unknown":    `{"x":[` + strings.Repeat("0,", wire.MaxDocument/2-10),
		"fields":     `{` + strings.Repeat(`"a":0,`, wire.MaxDocument/7),
		"labels":     `{"labels":{` + strings.Repeat(`"a":"",`, wire.MaxDocument/8),
		"long":       `{"` + strings.Repeat("a", wire.MaxDocument-10),
		"escapes":    `{"result":"` + strings.Repeat(`\u0041`, wire.MaxDocument/6-10),
		"too large":  strings.Repeat(" ", wire.MaxDocument*8),
		"components": `{"components":[` + strings.Repeat(`{"id":"a","ref":"b","digest":"`+digest+`","revision":1,"max_instances":1},`, 3000),
	} {
		for _, f := range forms() {
			data := []byte(text)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := f.decode(data)
			runtime.ReadMemStats(&after)
			if err == nil {
				t.Errorf("%s of %s was taken", f.name, name)
			}
			if took := after.TotalAlloc - before.TotalAlloc; took > 8*wire.MaxSigned {
				t.Errorf("%s of %s took %d bytes for %d", f.name, name, took, len(data))
			}
		}
	}
}

// TestStatesOfNewer is that states and codes which are not known are kept.
func TestStatesOfNewer(t *testing.T) {
	r := report
	r.State = "hibernating"
	data, err := wire.EncodeHostReport(&r)
	if err != nil {
		t.Fatal(err)
	}
	got, err := wire.DecodeHostReport(data, "default", hostA)
	if err != nil || got.State != "hibernating" {
		t.Errorf("state %v, %v", got, err)
	}
	e, err := wire.DecodeReply([]byte(`{"error":{"code":"too-hot","message":"m"}}`))
	if err != nil || !errors.Is(e.Error, lattice.ErrInternal) || e.Error.Code != "too-hot" {
		t.Errorf("code %v, %v", e, err)
	}
}

// TestReplyKeepsErrors sends every kind of error through a reply.
func TestReplyKeepsErrors(t *testing.T) {
	for _, code := range lattice.Codes() {
		sent := fmt.Errorf("put link %q: %w", "cart", code.Sentinel())
		data, err := wire.EncodeReply(wire.ReplyOf(sent))
		if err != nil {
			t.Fatal(err)
		}
		got, err := wire.DecodeReply(data)
		if err != nil {
			t.Fatal(err)
		}
		if got.Error.Code != code || !errors.Is(got.Error, code.Sentinel()) || got.Error.Error() != sent.Error() {
			t.Errorf("%v came as %v", sent, got.Error)
		}
	}
	nasty := &wire.Reply{Error: &lattice.Error{Code: lattice.CodeInternal, Message: "\x00\xff\u202e" + strings.Repeat("ä", 4<<10)}}
	data, err := wire.EncodeReply(nasty)
	if err != nil {
		t.Fatal(err)
	}
	got, err := wire.DecodeReply(data)
	if err != nil || !strings.HasPrefix(got.Error.Message, "???ä") || len(got.Error.Message) > wire.MaxReason {
		t.Errorf("nasty message came as %.20q, %v", got.Error.Message, err)
	}
}

// TestReplyOf is that where an error arose goes with it, once.
func TestReplyOf(t *testing.T) {
	e := &lattice.Error{Code: lattice.CodeUnavailable, Message: "full", Host: hostA, Undelivered: true}
	if diff := cmp.Diff(&wire.Reply{Error: e}, wire.ReplyOf(e)); diff != "" {
		t.Errorf("ReplyOf (-want +got):\n%s", diff)
	}
	want := &lattice.Error{Code: lattice.CodeUnavailable, Message: "start: " + e.Error(), Undelivered: true}
	if diff := cmp.Diff(&wire.Reply{Error: want}, wire.ReplyOf(fmt.Errorf("start: %w", e))); diff != "" {
		t.Errorf("ReplyOf a wrapped one (-want +got):\n%s", diff)
	}
}
