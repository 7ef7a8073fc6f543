//go:build e2e && linux

package lattice_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// role is the variable that says what the test program is run as.
const role = "WATTLE_E2E_ROLE"

// bin is the folder of the programs under test: wattle, nats-server and nats.
var bin string

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "hold": // keeps a network namespace until the test ends
		_, _ = io.Copy(io.Discard, os.Stdin)
	case "test":
		bin = os.Getenv("WATTLE_E2E_BIN")
		code := m.Run()
		printFigures()
		os.Exit(code)
	default:
		os.Exit(launch())
	}
}

// launch builds the programs and runs the tests in a namespace of their own.
func launch() int {
	if err := namespaces(); err != nil {
		fmt.Fprintf(os.Stderr, "no network namespaces here: %v\n", err)
		if os.Getenv("E2E_REQUIRED") == "1" {
			return 1
		}
		fmt.Fprintln(os.Stderr, "SKIP: the lattice suite (E2E_REQUIRED=1 makes this a failure)")
		return 0
	}
	dir, err := os.MkdirTemp("", "wattle-e2e-lattice-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	for name, pkg := range map[string]string{
		"wattle":      "github.com/wattle-dev/wattle/cmd/wattle",
		"nats-server": "github.com/nats-io/nats-server/v2",
	} {
		build := exec.Command("go", "build", "-o", filepath.Join(dir, name), pkg)
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			fmt.Fprintf(os.Stderr, "build %s: %v\n", pkg, err)
			return 1
		}
	}
	if err := stockClient(filepath.Join(dir, "nats")); err != nil {
		fmt.Fprintf(os.Stderr, "no nats command: %v\n", err)
	}
	test := isolated(os.Args[0], os.Args[1:]...)
	test.Env = append(os.Environ(), role+"=test", "WATTLE_E2E_BIN="+dir)
	test.Stdin, test.Stdout, test.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := test.Run(); err != nil {
		if code := test.ProcessState.ExitCode(); code > 0 {
			return code
		}
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// natsCLI is the NATS project's own command line, which only tests need.
const natsCLI = "github.com/nats-io/natscli/nats@v0.5.1"

// stockClient builds the nats command, or takes what an earlier run has built: it
// takes longer than the tests.
func stockClient(file string) error {
	kept, err := filepath.Abs("../../../.cache/e2e")
	if err != nil {
		return err
	}
	_, version, _ := strings.Cut(natsCLI, "@")
	kept = filepath.Join(kept, "nats-"+version)
	if _, err := os.Stat(kept); err != nil {
		install := exec.Command("go", "install", natsCLI)
		install.Env = append(os.Environ(), "GOBIN="+filepath.Dir(kept))
		if out, err := install.CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %.500s", err, out)
		}
		if err := os.Rename(filepath.Join(filepath.Dir(kept), "nats"), kept); err != nil {
			return err
		}
	}
	return os.Symlink(kept, file)
}

// missing ends a test for which this machine lacks something.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("E2E_REQUIRED") == "1" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// isolated is a command that is root of a new user namespace with a network of
// its own.
func isolated(name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:                 syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings:                []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings:                []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		GidMappingsEnableSetgroups: false,
		Pdeathsig:                  syscall.SIGKILL,
	}
	return c
}

// namespaces reports whether networks can be made here.
func namespaces() error {
	for _, tool := range []string{"ip", "nsenter"} {
		if _, err := exec.LookPath(tool); err != nil {
			return err
		}
	}
	c := isolated("ip", "link", "add", "probe", "type", "bridge")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}
