package control

import (
	"encoding/json"
	"fmt"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// Result says what a command did.
type Result struct {
	// Changed is false if everything was so already.
	Changed bool `json:"changed"`
	// Stamp is that of the state after the command.
	Stamp lattice.Stamp `json:"stamp"`
	// Notes are for people: what is worth knowing and no error.
	Notes []string `json:"notes,omitempty"`
}

// ComponentResult says what a command did to a component.
type ComponentResult struct {
	Result
	Component lattice.ComponentID `json:"component"`
	Ref       string              `json:"ref,omitempty"`
	Digest    string              `json:"digest,omitempty"`
	Revision  uint64              `json:"revision,omitempty"`
	// Hosts are where it is to run from now on, and why there.
	Hosts []Placement `json:"hosts,omitempty"`
	// Stopped are where it is not to run any more.
	Stopped []lattice.HostID `json:"stopped,omitempty"`
	// Passed are the hosts that were not chosen, and why not. It is empty if there
	// was nothing to choose.
	Passed []Placement `json:"passed,omitempty"`
}

// Placement is a host, and why a component is to run there or not.
type Placement struct {
	Host lattice.HostID `json:"host"`
	// Name is what the host calls itself.
	Name string `json:"name,omitempty"`
	// MaxInstances is how many calls run at once there, zero where it does not run.
	MaxInstances int    `json:"max_instances,omitempty"`
	Why          string `json:"why"`
}

// EncodeReply returns the answer to a command: result, or err if there is one.
func EncodeReply(result any, err error) []byte {
	reply := new(wire.Reply)
	if err == nil {
		reply.Result, err = json.Marshal(result)
	}
	if err != nil {
		reply = wire.ReplyOf(err)
	}
	data, err := wire.EncodeReply(reply)
	if err == nil {
		return data
	}
	err = fmt.Errorf("%w: the command was carried out, and its answer cannot be sent: %w", lattice.ErrInternal, err)
	if data, err = wire.EncodeReply(wire.ReplyOf(err)); err == nil {
		return data
	}
	return []byte(`{"error":{"code":"internal","message":"the answer cannot be sent"}}`)
}

// DecodeReply fills result from the answer to a command, or returns the error that
// it is, an *lattice.Error.
func DecodeReply(data []byte, result any) error {
	reply, err := wire.DecodeReply(data)
	switch {
	case err != nil:
		return fmt.Errorf("answer of the scheduler: %w", err)
	case reply.Error != nil:
		return reply.Error
	}
	// A newer scheduler may say more than is known here.
	if err := json.Unmarshal(reply.Result, result); err != nil {
		return fmt.Errorf("answer of the scheduler: %w: %w", lattice.ErrInvalid, err)
	}
	return nil
}
