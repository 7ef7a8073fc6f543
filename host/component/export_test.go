package component

import "testing"

// Unload unloads a component that has no instances, in tests.
func (e *Engine) Unload(tb testing.TB, c *Component) {
	tb.Helper()
	if !c.tryUnload(func() bool { return true }) {
		tb.Error("component cannot be unloaded")
	}
}
