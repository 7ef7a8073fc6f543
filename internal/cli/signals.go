package cli

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// Signals returns a context that ends with the first SIGINT or SIGTERM. When it
// has ended, signals do what they do by default, so that a second one ends the
// process at once. stop gives back what the context holds.
func Signals(parent context.Context) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	var wait sync.WaitGroup
	wait.Go(func() {
		select {
		case <-signals:
		case <-ctx.Done():
		}
		signal.Stop(signals)
		cancel()
	})
	return ctx, func() {
		cancel()
		wait.Wait()
	}
}
