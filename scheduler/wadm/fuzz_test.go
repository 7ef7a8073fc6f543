package wadm_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/scheduler/state"
	"github.com/wattle-dev/wattle/scheduler/wadm"
)

// FuzzRequest sends requests to a lattice with an application: whatever they are, each
// has an answer that is JSON.
func FuzzRequest(f *testing.F) {
	archive, err := txtar.ParseFile("testdata/api.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range archive.Files {
		f.Add(file.Name, file.Data)
	}
	shop, err := os.ReadFile("testdata/shop.yaml")
	if err != nil {
		f.Fatal(err)
	}
	m, err := memlattice.New(memlattice.Options{}).Join("fuzz")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { m.Close() })
	f.Fuzz(func(t *testing.T, op string, body []byte) {
		edge := wadm.New(m, name, &leader{state: state.New(name)}, nil)
		for _, request := range []lattice.Message{
			{Subject: "wadm.api.default.model.put", Data: shop},
			{Subject: "wadm.api.default.model.deploy.shop"},
			{Subject: "wadm.api.default." + op, Data: body},
			{Subject: "wadm.api.default.model.list"},
		} {
			text, err := json.Marshal(edge.Handle(t.Context(), &request))
			if err != nil || len(text) == 0 {
				t.Errorf("%s: %q, %v", request.Subject, text, err)
			}
		}
	})
}
