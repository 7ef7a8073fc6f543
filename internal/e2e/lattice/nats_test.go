//go:build e2e && linux

package lattice_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// natsServer is a member of the NATS cluster.
type natsServer struct {
	m      *machine
	config string
	p      *process
}

// natsCluster makes three machines with a NATS server each. auth is configuration
// that they have in common.
func natsCluster(t *testing.T, n *network, auth string) []*natsServer {
	t.Helper()
	var servers []*natsServer
	var routes []string
	for i := range 3 {
		m := n.machine(t, fmt.Sprintf("nats%d", i+1))
		servers = append(servers, &natsServer{m: m})
		routes = append(routes, fmt.Sprintf("%q", "nats://"+m.addr+":6222"))
	}
	for _, s := range servers {
		s.config = filepath.Join(s.m.dir, "nats.conf")
		config := fmt.Sprintf(`server_name: %[1]q
listen: "%[2]s:4222"
http: "%[2]s:8222"
jetstream { store_dir: %[3]q }
cluster { name: "e2e", listen: "%[2]s:6222", routes: [%[4]s] }
lame_duck_duration: "30s"
lame_duck_grace_period: "2s"
%[5]s
`, s.m.name, s.m.addr, filepath.Join(s.m.dir, "js"), strings.Join(routes, ", "), auth)
		if err := os.WriteFile(s.config, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		s.start(t)
	}
	for _, s := range servers {
		s.healthy(t)
	}
	return servers
}

func (s *natsServer) start(t *testing.T) {
	t.Helper()
	s.p = s.m.start(t, "nats-server", filepath.Join(bin, "nats-server"), "--config", s.config)
}

// healthy waits until the server is up, and its streams are current.
func (s *natsServer) healthy(t *testing.T) time.Duration {
	t.Helper()
	c := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	return eventually(t, time.Minute, s.m.name+" is healthy", func() bool {
		if !s.p.running() {
			t.Fatalf("nats-server on %s has ended: %v", s.m.name, s.p.err)
		}
		r, err := c.Get("http://" + net.JoinHostPort(s.m.addr, "8222") + "/healthz")
		if err != nil {
			return false
		}
		_ = r.Body.Close()
		return r.StatusCode == http.StatusOK
	})
}

// restart ends the server by a signal and starts it again. SIGUSR2 is lame duck
// mode, in which it asks its clients to go elsewhere and ends when they have.
func (s *natsServer) restart(t *testing.T, by syscall.Signal) {
	t.Helper()
	s.p.signal(t, by)
	_ = s.p.wait(t, 2*time.Minute)
	s.start(t)
	s.healthy(t)
}

// urls are where clients find the servers.
func urls(servers []*natsServer) string {
	var all []string
	for _, s := range servers {
		all = append(all, "nats://"+net.JoinHostPort(s.m.addr, "4222"))
	}
	return strings.Join(all, ",")
}
