package wire_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

func TestSubjects(t *testing.T) {
	s := wire.Subjects{Lattice: "prod"}
	for got, want := range map[string]string{
		s.All():                             "wattle.prod.>",
		s.Invoke(hostA):                     "wattle.prod.host." + string(hostA) + ".invoke",
		s.Caller("UABC"):                    "wattle.prod.caller.UABC",
		s.Endpoint(hostA, "report"):         "wattle.prod.host." + string(hostA) + ".api.report",
		s.Log(hostA, "cart"):                "wattle.prod.log." + string(hostA) + ".cart",
		s.Logs("cart"):                      "wattle.prod.log.*.cart",
		s.HostEvent(hostA, "host.started"):  "wattle.prod.event.host." + string(hostA) + ".host.started",
		s.SchedulerEvent("component.moved"): "wattle.prod.event.scheduler.component.moved",
		s.Events():                          "wattle.prod.event.>",
		s.Control("component.start"):        "wattle.prod.control.component.start",
		s.SchedulerEndpoint("S1", "state"):  "wattle.prod.scheduler.S1.api.state",
	} {
		if got != want {
			t.Errorf("subject %q, want %q", got, want)
		}
	}
}

func TestBuckets(t *testing.T) {
	b := wire.Buckets{Lattice: "prod"}
	for got, want := range map[string]string{
		b.Desired(): "wattle_prod_desired", b.Components(): "wattle_prod_components", b.Hosts(): "wattle_prod_hosts",
		b.Ready(): "wattle_prod_ready", b.Links(): "wattle_prod_links", b.Config(): "wattle_prod_config",
		b.Artifacts(): "wattle_prod_artifacts", b.Events(): "wattle_prod_events",
	} {
		if got != want {
			t.Errorf("bucket %q, want %q", got, want)
		}
	}
}

func TestReadyKey(t *testing.T) {
	h, c, err := wire.ParseReadyKey(wire.ReadyKey(hostA, "cart"))
	if err != nil || h != hostA || c != "cart" {
		t.Errorf("ParseReadyKey: %q %q %v", h, c, err)
	}
	for _, key := range []string{"", ".", string(hostA), string(hostA) + ".", string(hostA) + ".a.b", "x.cart", "cart." + string(hostA)} {
		if _, _, err := wire.ParseReadyKey(key); !errors.Is(err, lattice.ErrInvalid) {
			t.Errorf("ParseReadyKey(%q): %v, want ErrInvalid", key, err)
		}
	}
}

func TestNormalRoute(t *testing.T) {
	for _, c := range []struct{ in, want lattice.Route }{
		{lattice.Route{}, lattice.Route{Path: "/"}},
		{lattice.Route{Path: "///"}, lattice.Route{Path: "/"}},
		{lattice.Route{Path: "api/"}, lattice.Route{Path: "/api"}},
		{lattice.Route{Host: "Example.COM.", Path: "/A/b"}, lattice.Route{Host: "example.com", Path: "/A/b"}},
		{lattice.Route{Host: "127.0.0.1", Path: "/~x/a.b/..."}, lattice.Route{Host: "127.0.0.1", Path: "/~x/a.b/..."}},
	} {
		got, err := wire.NormalRoute(c.in)
		if err != nil || got != c.want {
			t.Errorf("NormalRoute(%v) = %v, %v, want %v", c.in, got, err, c.want)
		}
	}
	for _, r := range []lattice.Route{
		{Host: "a b"},
		{Host: "."},
		{Host: "a..b"},
		{Host: "*"},
		{Host: "[::1]"},
		{Host: "a:80"},
		{Host: "-a"},
		{Host: "ä"},
		{Host: strings.Repeat("a.", 127) + "a"},
		{Host: strings.Repeat("a", 64)},
		{Path: "/a//b"},
		{Path: "/./a"},
		{Path: "/a/.."},
		{Path: "/a?b"},
		{Path: "/a#b"},
		{Path: "/%61"},
		{Path: `/a\b`},
		{Path: "/a b"},
		{Path: "/ä"},
		{Path: "/" + strings.Repeat("a", wire.MaxRoutePath)},
	} {
		if got, err := wire.NormalRoute(r); !errors.Is(err, lattice.ErrInvalid) {
			t.Errorf("NormalRoute(%q, %q) = %v, %v, want ErrInvalid", r.Host, r.Path, got, err)
		}
	}
}

func TestLabels(t *testing.T) {
	if wire.CheckLabelKey("a.B_c/d-9") != nil || wire.CheckLabelValue("") != nil || wire.CheckLabelValue("ä b") != nil {
		t.Error("good labels are refused")
	}
	for _, err := range []error{
		wire.CheckLabelKey(""), wire.CheckLabelKey("a=b"), wire.CheckLabelKey(strings.Repeat("a", 64)),
		wire.CheckLabelValue(strings.Repeat("a", 257)), wire.CheckLabelValue("a\nb"), wire.CheckLabelValue("\xff"),
	} {
		if !errors.Is(err, lattice.ErrInvalid) {
			t.Errorf("bad label: %v, want ErrInvalid", err)
		}
	}
}

func TestArtifactName(t *testing.T) {
	if got, err := wire.ArtifactName(digest); err != nil || "sha256:"+got != digest {
		t.Errorf("ArtifactName(%q) = %q, %v", digest, got, err)
	}
	if _, err := wire.ArtifactName("sha256:../../x"); !errors.Is(err, lattice.ErrInvalid) {
		t.Errorf("ArtifactName of a path: %v, want ErrInvalid", err)
	}
}

func TestPayload(t *testing.T) {
	got, err := wire.Payload("wattle_default_desired", string(hostA), []byte(`{"a": 1}`))
	if want := "wattle-document-v1\nwattle_default_desired\n" + string(hostA) + "\n" + `{"a": 1}`; err != nil || string(got) != want {
		t.Errorf("Payload = %q, %v, want %q", got, err, want)
	}
	for _, c := range [][2]string{{"a\nb", "c"}, {"a", "b\nc"}} {
		if _, err := wire.Payload(c[0], c[1], nil); !errors.Is(err, lattice.ErrInvalid) {
			t.Errorf("Payload(%q, %q): %v, want ErrInvalid", c[0], c[1], err)
		}
	}
}

// TestSignedKeepsBytes is that a value comes out as it was signed.
func TestSignedKeepsBytes(t *testing.T) {
	for _, value := range []string{`{"a" : "\u003c<\/" }`, `[ ]`, `1.50`, `"x"`} {
		s := wire.Signed{Value: []byte(value), Signer: "U.-_9", Signature: make([]byte, 64)}
		data, err := s.Encode()
		if err != nil {
			t.Fatal(err)
		}
		spaced := strings.Replace(strings.Replace(string(data), `{"value":`, ` { "value" : `, 1), `,"signer"`, ` , "signer"`, 1)
		for _, text := range []string{string(data), spaced} {
			got, err := wire.ParseSigned([]byte(text))
			if err != nil || string(got.Value) != value {
				t.Errorf("value %q came as %v, %v", value, got, err)
			}
		}
	}
	for _, s := range []wire.Signed{
		{Value: []byte(` {}`), Signer: "U", Signature: make([]byte, 64)},
		{Value: []byte(`{}}`), Signer: "U", Signature: make([]byte, 64)},
		{Value: []byte(`{},"x":1`), Signer: "U", Signature: make([]byte, 64)},
		{Value: []byte(`{},"signer":"V","signature":"","x":1`), Signer: "U", Signature: make([]byte, 64)},
		{Value: []byte(`{}`), Signer: `U","signer":"V`, Signature: make([]byte, 64)},
		{Value: []byte(`{}`), Signer: "", Signature: make([]byte, 64)},
		{Value: []byte(`{}`), Signer: "U", Signature: make([]byte, 63)},
		{Signer: "U", Signature: make([]byte, 64)},
	} {
		if data, err := s.Encode(); !errors.Is(err, lattice.ErrInvalid) {
			t.Errorf("Encode(%q %q) = %s, %v, want ErrInvalid", s.Value, s.Signer, data, err)
		}
	}
}
