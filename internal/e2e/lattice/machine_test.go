//go:build e2e && linux

package lattice_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// network is the machines of a test, and a bridge to which all are connected. The
// test itself is at gateway.
type network struct {
	dir      string
	machines []*machine
}

const gateway = "10.77.0.254"

func newNetwork(t *testing.T) *network {
	t.Helper()
	n := &network{dir: t.TempDir()}
	if keep := os.Getenv("WATTLE_E2E_LOGS"); keep != "" {
		n.dir = filepath.Join(keep, t.Name())
		if err := errors.Join(os.RemoveAll(n.dir), os.MkdirAll(n.dir, 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	ip(t, "link", "set", "lo", "up")
	ip(t, "link", "add", "br0", "type", "bridge")
	t.Cleanup(func() { ip(t, "link", "del", "br0") })
	ip(t, "addr", "add", gateway+"/24", "dev", "br0")
	ip(t, "link", "set", "br0", "up")
	return n
}

// machine is a network namespace, the processes in it and their folder.
type machine struct {
	name, addr string
	dir        string
	link       string   // its end on the bridge
	pid        string   // of the process that holds the namespace
	extra      []string // added to the environment of programs
}

// machine adds a machine to the network.
func (n *network) machine(t *testing.T, name string) *machine {
	t.Helper()
	i := len(n.machines) + 1
	m := &machine{name: name, addr: fmt.Sprintf("10.77.0.%d", i), dir: filepath.Join(n.dir, name), link: fmt.Sprintf("v%d", i)}
	n.machines = append(n.machines, m)
	if err := os.MkdirAll(m.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	hold := exec.Command(os.Args[0])
	hold.Env = append(os.Environ(), role+"=hold")
	hold.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	stdin, err := hold.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := hold.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ip(t, "link", "del", m.link) // its end on the bridge would go later, and the next test has one of that name
		_ = stdin.Close()
		if err := hold.Wait(); err != nil {
			t.Errorf("the holder of %s: %v", name, err)
		}
	})
	m.pid = strconv.Itoa(hold.Process.Pid)
	ip(t, "link", "add", m.link, "type", "veth", "peer", "name", "eth0", "netns", m.pid)
	ip(t, "link", "set", m.link, "master", "br0", "up")
	for _, args := range [][]string{{"link", "set", "lo", "up"}, {"addr", "add", m.addr + "/24", "dev", "eth0"}, {"link", "set", "eth0", "up"}} {
		run(t, m.command("ip", args...))
	}
	return m
}

// existing returns the machine of that name, which is added if there is none.
func (n *network) existing(t *testing.T, name string) *machine {
	t.Helper()
	for _, m := range n.machines {
		if m.name == name {
			return m
		}
	}
	return n.machine(t, name)
}

// command is a command on the machine.
func (m *machine) command(name string, args ...string) *exec.Cmd {
	return exec.Command("nsenter", append([]string{"--target", m.pid, "--net", "--", name}, args...)...)
}

// unplug cuts the machine off; plug connects it again.
func (m *machine) unplug(t *testing.T) { t.Helper(); ip(t, "link", "set", m.link, "down") }
func (m *machine) plug(t *testing.T)   { t.Helper(); ip(t, "link", "set", m.link, "up") }

// part has packets between the machine and others go nowhere, and neither side hear of
// that; unpart undoes it. Other machines are reached.
func (m *machine) part(t *testing.T, others ...*machine)   { t.Helper(); m.route(t, "add", others) }
func (m *machine) unpart(t *testing.T, others ...*machine) { t.Helper(); m.route(t, "del", others) }

func (m *machine) route(t *testing.T, change string, others []*machine) {
	t.Helper()
	for _, o := range others {
		run(t, m.command("ip", "route", change, "blackhole", o.addr+"/32"))
		run(t, o.command("ip", "route", change, "blackhole", m.addr+"/32"))
	}
}

func ip(t *testing.T, args ...string) { t.Helper(); run(t, exec.Command("ip", args...)) }

func run(t *testing.T, c *exec.Cmd) string {
	t.Helper()
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(c.Args, " "), err, out)
	}
	return string(out)
}

// process is a program that runs on a machine.
type process struct {
	m    *machine
	name string
	cmd  *exec.Cmd
	log  string
	done chan struct{} // closed when it has ended
	err  error         // of Wait, after done
}

// start starts a program. What it writes is in a file that is shown if the test
// fails. It is killed at the end of the test if it runs still.
func (m *machine) start(t *testing.T, name, program string, args ...string) *process {
	t.Helper()
	p := &process{m: m, name: name, log: filepath.Join(m.dir, name+".log"), done: make(chan struct{})}
	f, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p.cmd = m.command(program, args...) // nsenter becomes the program and keeps its ID
	p.cmd.Stdout, p.cmd.Stderr = f, f
	p.cmd.Dir = m.dir
	p.cmd.Env = m.env()
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		if p.running() {
			p.signal(t, syscall.SIGKILL)
		}
		<-p.done
		if t.Failed() {
			b, _ := os.ReadFile(p.log)
			t.Logf("the log of %s on %s:\n%s", name, m.name, b[max(0, len(b)-3000):])
		}
	})
	return p
}

// env is the environment of programs on the machine.
func (m *machine) env() []string {
	env := []string{"HOME=" + m.dir, "PATH=" + os.Getenv("PATH"), "XDG_STATE_HOME=" + filepath.Join(m.dir, "state"), "XDG_CACHE_HOME=" + filepath.Join(m.dir, "cache")}
	return append(env, m.extra...)
}

func (p *process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

func (p *process) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("signal %v to %s on %s: %v", s, p.name, p.m.name, err)
	}
}

// kill ends the process at once, and returns when all its sockets are closed.
func (p *process) kill(t *testing.T) {
	t.Helper()
	p.signal(t, syscall.SIGKILL)
	<-p.done
}

// wait waits until the process has ended by itself.
func (p *process) wait(t *testing.T, atMost time.Duration) error {
	t.Helper()
	select {
	case <-p.done:
		return p.err
	case <-time.After(atMost):
		t.Fatalf("%s on %s has not ended after %v", p.name, p.m.name, atMost)
		return nil
	}
}

// rss returns the resident memory of the process in bytes.
func (p *process) rss(t *testing.T) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "VmRSS:" {
			kb, err := strconv.Atoi(f[1])
			if err != nil {
				t.Fatal(err)
			}
			return kb << 10
		}
	}
	t.Fatal("no VmRSS")
	return 0
}

// eventually polls until ok returns true, and fails the test if it never does.
func eventually(t *testing.T, atMost time.Duration, what string, ok func() bool) time.Duration {
	t.Helper()
	begin := time.Now()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Since(begin) > atMost {
			t.Fatalf("after %v still not: %s", atMost, what)
		}
		<-tick.C
	}
	return time.Since(begin)
}
