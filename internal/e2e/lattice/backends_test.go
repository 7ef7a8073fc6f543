//go:build e2e && linux

package lattice_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/providers/postgres/postgrestest"
)

// backends are servers of Redis and PostgreSQL on a machine of their own.
type backends struct {
	m               *machine
	bin             string // of PostgreSQL
	redis, postgres *process
}

// needBackends returns where the programs of PostgreSQL are. It skips the test if they, or
// Redis, are missing here, unless WATTLE_BACKENDS is "required".
func needBackends(t *testing.T) (bin string) {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv("WATTLE_BACKENDS") == "required" {
			t.Fatal(err)
		}
		t.Skipf("%v: install the package redis-server to run this", err)
	}
	return postgrestest.Require(t)
}

// newBackends makes the machine. Nothing runs on it yet.
func newBackends(t *testing.T, n *network, bin, password string) *backends {
	t.Helper()
	b := &backends{m: n.machine(t, "backends"), bin: bin}
	file := filepath.Join(b.m.dir, "password")
	if err := os.WriteFile(file, []byte(password), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, b.m.command("unshare", unprivileged(filepath.Join(bin, "initdb"), "-D", b.data(), "-U", "admin",
		"-A", "scram-sha-256", "--pwfile", file, "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")...))
	hba := fmt.Sprintf("host all admin %s/24 scram-sha-256\n", b.m.addr)
	if err := os.WriteFile(filepath.Join(b.data(), "pg_hba.conf"), []byte(hba), 0o600); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *backends) data() string { return filepath.Join(b.m.dir, "data") }

// unprivileged are the arguments with which unshare runs a program as a user other than
// root, which PostgreSQL insists on.
func unprivileged(program string, args ...string) []string {
	return append([]string{"--user", "--map-user=nobody", "--", program}, args...)
}

// startRedis starts Redis, which keeps what it has, and waits until it answers.
func (b *backends) startRedis(t *testing.T, password string) {
	t.Helper()
	b.redis = b.m.start(t, "redis", "redis-server", "--bind", b.m.addr, "--port", redisPort, "--requirepass", password,
		"--dir", b.m.dir, "--appendonly", "yes", "--appendfsync", "always", "--save", "")
	eventually(t, time.Minute, "Redis answers", func() bool {
		c, err := net.Dial("tcp", net.JoinHostPort(b.m.addr, redisPort))
		if err != nil {
			return false
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(5 * time.Second))
		if _, err := fmt.Fprintf(c, "AUTH %s\r\n", password); err != nil {
			return false
		}
		line, err := bufio.NewReader(c).ReadString('\n')
		return err == nil && strings.HasPrefix(line, "+OK")
	})
}

// startPostgres starts PostgreSQL and waits until it answers.
func (b *backends) startPostgres(t *testing.T) {
	t.Helper()
	b.postgres = b.m.start(t, "postgres", "unshare", unprivileged(filepath.Join(b.bin, "postgres"), "-D", b.data(), "-k", b.m.dir,
		"-p", postgresPort, "-c", "listen_addresses="+b.m.addr, "-c", "fsync=off", "-c", "shared_buffers=16MB")...)
	eventually(t, time.Minute, "PostgreSQL answers", func() bool {
		return b.m.command(filepath.Join(b.bin, "pg_isready"), "-q", "-h", b.m.addr, "-p", postgresPort).Run() == nil
	})
}

// crashPostgres ends PostgreSQL as a crash does: it finishes nothing, and recovers when it
// starts again. (What SIGKILL leaves behind has a new server wait for the old one's
// processes.)
func (b *backends) crashPostgres(t *testing.T) {
	t.Helper()
	b.postgres.signal(t, syscall.SIGQUIT)
	_ = b.postgres.wait(t, time.Minute)
}

const (
	redisPort    = "6379"
	postgresPort = "5432"
)
