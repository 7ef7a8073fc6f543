package wasmcloud_test

import (
	"errors"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/wasmcloud"
)

// Whatever a request has, what comes out of it is valid.
func FuzzRequest(f *testing.F) {
	for _, s := range []string{
		`{"component_ref":"ghcr.io/x/y:1","component_id":"app","count":10,"config":["a"],"component_limits":{"max_memory_limit":"20MiB","max_execution_time":"10s"}}`,
		`{"component_ref":"r","component_id":"app","max_instances":0}`,
		`{"component_id":"app","new_component_ref":"r","annotations":{"a":"b"}}`,
		`{"source_id":"c","target":"kv","name":"","wit_namespace":"wasi","wit_package":"keyvalue","interfaces":["store"],"source_config":null}`,
		`{"component_ref":"r","component_id":"c","constraints":{}}`,
		`{"key":"k","value":"v"}`, `{"timeout":18446744073709551615}`, `{} {}`, `[]`, "",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, cmd := range wasmcloud.DecodeAny(data) {
			if err := cmd.Check(); err != nil {
				if !errors.Is(err, lattice.ErrInvalid) {
					t.Errorf("%q: %v is not of kind %v", data, err, lattice.ErrInvalid)
				}
				t.Errorf("%q: a command that is not valid: %v", data, err)
			}
		}
	})
}
