// Package e2e tests the wattle binary as its users run it: real processes, real
// connections, the example components, for longer than a unit test may take.
// Its tests have the build tag e2e; `make e2e` runs them.
package e2e
