package wadm_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/trust/trusttest"
)

// TestClient has a program that uses the crate wadm-client do everything that there is
// to do: WATTLE_WADM_CLIENT names it. It is given the address of NATS, credentials for
// wasmCloud's tools, and a manifest of an application "shop".
func TestClient(t *testing.T) {
	program := os.Getenv("WATTLE_WADM_CLIENT")
	if program == "" {
		t.Skip("WATTLE_WADM_CLIENT names no program")
	}
	k := trusttest.Keyring(t)
	s := startServer(t, k, 0)
	l := newLab(t, joiner(t, s), k)
	l.start(t)
	creds := filepath.Join(t.TempDir(), "tool.creds")
	if err := trusttest.Creds(t, k, name, trust.RoleWasmCloud).Write(creds); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), program, s.ClientURL(), creds, "testdata/shop.yaml").CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
}
