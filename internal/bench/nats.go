package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// natsModule is the NATS server.
const natsModule = "github.com/nats-io/nats-server/v2"

// natsServer is a NATS server in a process of its own.
type natsServer struct {
	cmd *exec.Cmd
	url string
}

// startNATS starts the NATS server of the version that Wattle has in it.
func (s *session) startNATS(ctx context.Context) (*natsServer, error) {
	program := filepath.Join(s.keep, "nats-server")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, natsModule).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build nats-server: %w: %.500s", err, out)
	}
	dir, err := os.MkdirTemp(s.dir, "nats-")
	if err != nil {
		return nil, err
	}
	n := &natsServer{cmd: exec.CommandContext(ctx, program, "--addr", "127.0.0.1", "--port", "-1", "--ports_file_dir", dir, "--jetstream", "--store_dir", dir)}
	if err := n.cmd.Start(); err != nil {
		return nil, err
	}
	// It writes where it listens to a file.
	file := filepath.Join(dir, fmt.Sprintf("nats-server_%d.ports", n.cmd.Process.Pid))
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for begin := time.Now(); ; {
		var ports struct {
			NATS []string `json:"nats"`
		}
		text, err := os.ReadFile(file)
		if err == nil && json.Unmarshal(text, &ports) == nil && len(ports.NATS) > 0 {
			n.url = ports.NATS[0]
			return n, nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) || time.Since(begin) > 10*time.Second {
			n.stop()
			return nil, fmt.Errorf("nats-server does not listen: %w", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			n.stop()
			return nil, context.Cause(ctx)
		}
	}
}

func (n *natsServer) stop() {
	_ = n.cmd.Process.Signal(os.Interrupt)
	_ = n.cmd.Wait()
}
