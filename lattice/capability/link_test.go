package capability

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/wit"
)

func parseID(t *testing.T, name string) wit.InterfaceID {
	t.Helper()
	id, err := wit.ParseInterfaceID(name)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// A component reaches the interfaces that its links name, those that go along with them,
// and what is inert.
func TestGranted(t *testing.T) {
	links := []lattice.Capability{
		{Kind: kindHTTPClient, Namespace: "wasi", Package: "http", Interfaces: []string{"outgoing-handler"}},
		{Kind: "of-a-newer-version", Namespace: "wasi", Package: "keyvalue", Interfaces: []string{"store"}},
	}
	for name, want := range map[string]bool{
		"wasi:http/outgoing-handler@0.2.12":      true,
		"wasi:http/outgoing-handler@0.3.0":       true, // of which version is not for links to say
		"wasi:clocks/wall-clock@0.2.3":           true,
		"wasi:keyvalue/store@0.2.0-draft":        false,
		"wasi:http/incoming-handler@0.2.0":       false,
		"other:http/outgoing-handler@0.2.0":      false,
		"wasi:http-client/outgoing-handler@0.2.": false,
	} {
		id, err := wit.ParseInterfaceID(name)
		if got := Granted(links, id); got != want {
			t.Errorf("Granted(%s) = %v, %v, want %v", name, got, err, want)
		}
	}
	if id := parseID(t, "wasi:http/outgoing-handler@0.2.0"); Granted(nil, id) {
		t.Errorf("%s is granted without a link", id)
	}
	k := &Kind{Serves: []string{"a:b/c", "a:b/d", "a:b/types"}, Along: []string{"a:b/types"}}
	for name, want := range map[string]bool{"a:b/c": true, "a:b/d": false, "a:b/types": true, "a:b/e": false, "a:z/c": false} {
		if got := k.Grants("a", "b", []string{"c", "e"}, parseID(t, name)); got != want {
			t.Errorf("Grants(%s) = %v, want %v", name, got, want)
		}
	}
	if k.Grants("a", "z", []string{"c"}, parseID(t, "a:b/types")) {
		t.Error("the link of another package grants what goes along")
	}
}

func TestCheckLink(t *testing.T) {
	for _, c := range []struct {
		kind, pkg, iface string
		link, calls      string
	}{
		{kindHTTPClient, "http", "outgoing-handler", "", `invalid: wattle://httpclient does not call "wasi:http/outgoing-handler": it calls nothing`},
		{
			HTTPServer, "http", "incoming-handler",
			`invalid: wattle://httpserver does not serve "wasi:http/incoming-handler": it serves nothing`, "",
		},
		{
			kindHTTPClient, "http", "types",
			`invalid: wattle://httpclient does not serve "wasi:http/types": it serves wasi:http/outgoing-handler`,
			`invalid: wattle://httpclient does not call "wasi:http/types": it calls nothing`,
		},
	} {
		for _, check := range []struct {
			err  error
			want string
		}{
			{Find(c.kind).CheckLink("wasi", c.pkg, []string{c.iface}), c.link},
			{Find(c.kind).CheckCalls("wasi", c.pkg, []string{c.iface}), c.calls},
		} {
			got := ""
			if check.err != nil {
				got = check.err.Error()
			}
			if got != check.want || check.err != nil && !errors.Is(check.err, lattice.ErrInvalid) {
				t.Errorf("%s, %s: %q, want %q", c.kind, c.iface, got, check.want)
			}
		}
	}
}

// The remedies are a manifest's lines, and name the capability and the version.
func TestRemedy(t *testing.T) {
	for name, want := range map[string]string{
		(&UnlinkedError{Component: "hello", Import: parseID(t, "wasi:http/outgoing-handler@0.2.3")}).Error(): `component "hello" imports "wasi:http/outgoing-handler@0.2.3", and is not linked to anything that serves it; link it to wattle://httpclient: add to spec.components of the manifest
  - name: httpclient
    type: capability
    properties: {image: wattle://httpclient}
and to the traits of the component
  - type: link
    properties:
      namespace: wasi
      package: http
      interfaces: [outgoing-handler]
      target:
        name: httpclient
        config:
          - name: hello-httpclient
            properties:
              allow: "GET https://api.example.com/v1/"
or, if it is part of no application: wattle link put hello wattle://httpclient wasi:http/outgoing-handler`,
		(&UnlinkedError{Component: "shop", Import: parseID(t, "demo:cart/store@1.2.0"), Exporter: "cart"}).Error(): `component "shop" imports "demo:cart/store@1.2.0", and is not linked to anything that serves it; link it to "cart", which exports it: add to its traits in the manifest
  - type: link
    properties:
      namespace: demo
      package: cart
      interfaces: [store]
      target:
        name: cart
or, if it is part of no application: wattle link put shop cart demo:cart/store`,
	} {
		if diff := cmp.Diff(want, name); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
	if err := error(&UnlinkedError{}); !errors.Is(err, lattice.ErrDenied) {
		t.Error("it is not ErrDenied")
	}
}

func TestMerge(t *testing.T) {
	got := Merge(lattice.Config{"a": "1", "b": "1", "c": "1"}, nil, lattice.Config{"b": "2", "c": "2"}, lattice.Config{"c": "3"})
	if diff := cmp.Diff(map[string]string{"a": "1", "b": "2", "c": "3"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
