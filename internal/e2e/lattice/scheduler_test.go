//go:build e2e && linux

package lattice_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/scheduler"
)

// schedule has the scheduler run on a machine of its own.
func (l *testLattice) schedule(t *testing.T, creds string) {
	t.Helper()
	m := l.net.machine(t, "scheduler")
	m.extra = []string{role + "=scheduler"}
	self, err := filepath.Abs(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	m.start(t, "scheduler", self, urls(l.nats), creds)
}

// runScheduler is a process that schedules: no command does that on NATS servers
// that others run.
func runScheduler(urls, file string) error {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	creds, err := trust.ReadCreds(file)
	if err != nil {
		return err
	}
	signer, err1 := trust.NewSigner(creds)
	verifier, err2 := trust.NewVerifier(creds.Lattice, creds.Account)
	l, err3 := natslattice.Connect(ctx, natslattice.Options{URLs: strings.Split(urls, ","), CredentialsFile: file, Name: "scheduler", Logger: log})
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	if err := scheduler.New(l, lattice.DefaultName, signer, verifier, &scheduler.Options{Logger: log, Replicas: 3}).Run(ctx); err != nil {
		return fmt.Errorf("scheduler: %w", err)
	}
	return nil
}
