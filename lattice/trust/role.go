package trust

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
)

// Role is what a user is for.
type Role string

// The roles.
const (
	// RoleHost runs components. It writes of itself and nothing else.
	RoleHost Role = "host"
	// RoleScheduler decides what runs where, and makes the buckets.
	RoleScheduler Role = "scheduler"
	// RoleGateway brings in calls from outside.
	RoleGateway Role = "gateway"
	// RoleOperator gives commands to the scheduler and stores components.
	RoleOperator Role = "operator"
	// RoleViewer reads.
	RoleViewer Role = "viewer"
	// RoleWasmCloud is for the tools of wasmCloud 1, which give commands in its
	// manner. They are beside the lattice, in an account of their own.
	RoleWasmCloud Role = "wasmcloud"
)

// Roles returns all roles.
func Roles() []Role {
	return []Role{RoleHost, RoleScheduler, RoleGateway, RoleOperator, RoleViewer, RoleWasmCloud}
}

// ParseRole checks the name of a role.
func ParseRole(s string) (Role, error) {
	if r := Role(s); slices.Contains(Roles(), r) {
		return r, nil
	}
	names := make([]string, 0, len(Roles()))
	for _, r := range Roles() {
		names = append(names, string(r))
	}
	return "", fmt.Errorf("role %.80q: %w: use one of %s", s, lattice.ErrInvalid, strings.Join(names, ", "))
}
