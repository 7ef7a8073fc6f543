package scheduler_test

import (
	"testing"

	"github.com/wattle-dev/wattle/scheduler"
)

const specJSON = `{"spec":{"id":"c","ref":"r","digest":"sha256:00","revision":1,"max_instances":2},"hosts":[{"host":"NAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","max_instances":2,"why":"it was named"}]}`

// Whatever is in the log or in a record, what is taken from it encodes to something
// that is taken as the same.
func FuzzEntry(f *testing.F) {
	f.Add([]byte(`{"stamp":{"term":1,"index":2}}`))
	f.Add([]byte(`{"stamp":{"term":1,"index":2},"changes":[{"key":"component.c","component":` + specJSON + `},{"key":"config.a"},{"key":"config.b","config":{"name":"b","values":{"k":"v"}}}]}`))
	f.Add([]byte(`{"stamp":{"term":1,"index":2},"changes":[{"key":"link.c.wasi.keyvalue.default","link":{"source_id":"c","target":"kv","name":"default","wit_namespace":"wasi","wit_package":"keyvalue","interfaces":["store"]}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) { stable(t, data, scheduler.DecodeEntry) })
}

func FuzzRecord(f *testing.F) {
	f.Add("component.c", []byte(`{"stamp":{"term":1,"index":2},"component":`+specJSON+`}`))
	f.Add("host.NAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", []byte(`{"stamp":{"term":1,"index":2},"host":{"host":"NAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","state":"ready"}}`))
	f.Add("ref.00", []byte(`{"stamp":{"term":1,"index":2}}`))
	f.Fuzz(func(t *testing.T, key string, data []byte) {
		stable(t, data, func(data []byte) ([]byte, error) { return scheduler.DecodeRecord(key, data) })
	})
}

func stable(t *testing.T, data []byte, decode func([]byte) ([]byte, error)) {
	t.Helper()
	once, err := decode(data)
	if err != nil {
		return
	}
	twice, err := decode(once)
	if err != nil || string(once) != string(twice) {
		t.Errorf("%q is taken as %q and that as %q, %v", data, once, twice, err)
	}
}
