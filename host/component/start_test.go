package component_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wattle-dev/wattle/host/component"
)

// A start whose caller sets no limit has one.
func TestStartLimit(t *testing.T) {
	l, _ := newLinker(t)
	c := load(t, newEngine(t, nil), "start.wasm", l)
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		state := &things{end: func(c *component.Call, _ uint32) {
			<-c.Context().Done()
			c.Fail(context.Cause(c.Context()))
		}}
		_, err := c.Instantiate(t.Context(), state, component.Limits{})
		wantTrap(t, err, component.TrapDeadline)
		if took := time.Since(began); took != time.Minute {
			t.Errorf("the start ends after %v, want 1m", took)
		}
	})
}
