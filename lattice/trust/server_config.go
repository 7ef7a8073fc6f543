package trust

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ServerConfig returns a configuration for NATS servers that are run apart from
// Wattle: with the operator, the accounts, and JetStream. It has no secrets.
func (k *Keyring) ServerConfig() (string, error) {
	operator, err := k.OperatorJWT()
	if err != nil {
		return "", err
	}
	accounts, err := k.Accounts()
	if err != nil {
		return "", err
	}
	names, err := k.Lattices()
	if err != nil {
		return "", err
	}
	of := map[string]string{k.SystemAccount(): "the servers themselves"}
	for _, l := range names {
		account, err := k.Account(l)
		if err != nil {
			return "", err
		}
		tools, err := k.WasmCloudAccount(l)
		if err != nil {
			return "", err
		}
		of[account] = fmt.Sprintf("lattice %q", l)
		of[tools] = fmt.Sprintf("wasmCloud's tools, for lattice %q", l)
	}
	var b strings.Builder
	b.WriteString(`# The configuration of a NATS server for Wattle, version 2.11 or later. It has no
# secrets. Every server of a cluster gets the same, with another server_name.
#
# When a lattice is added to the keyring, or wattle is upgraded, make this anew and
# have the servers read it with: nats-server --signal reload

server_name: wattle-1
listen: "127.0.0.1:4222"

jetstream {
  # Where buckets and streams are kept. Give each server a disk of its own.
  store_dir: "./jetstream"
}

# Servers that others reach by network need TLS, and hosts then --nats tls://...
# Uncomment this and listen on an address of the network.
#
# tls {
#   cert_file: "/etc/nats/server.crt"
#   key_file:  "/etc/nats/server.key"
# }

# Three servers keep what they have when one fails. Uncomment this on each.
#
# cluster {
#   name: wattle
#   listen: "0.0.0.0:6222"
#   routes: ["nats://server-2:6222", "nats://server-3:6222"]
#   tls { cert_file: "/etc/nats/server.crt", key_file: "/etc/nats/server.key", ca_file: "/etc/nats/ca.crt" }
# }

# Who lets users in.
`)
	fmt.Fprintf(&b, "operator: %s\nsystem_account: %s\n\nresolver: MEMORY\nresolver_preload {\n", operator, k.SystemAccount())
	for _, account := range slices.Sorted(maps.Keys(accounts)) {
		fmt.Fprintf(&b, "  # %s\n  %s: %s\n", of[account], account, accounts[account])
	}
	b.WriteString("}\n")
	return b.String(), nil
}
