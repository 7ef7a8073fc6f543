package control

import (
	"fmt"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// MaxCommand bounds the JSON of a command, in bytes.
const MaxCommand = 1<<20 - 16<<10

// Command is a request to the scheduler. The types of this package are all there
// are.
type Command interface {
	// Name is the name of the command, which ends its subject.
	Name() string
	// Check returns what is wrong with the command in itself, all of it, of kind
	// ErrInvalid.
	Check() error
}

// kinds makes an empty command of each kind.
var kinds = []func() Command{
	func() Command { return &StartComponent{} },
	func() Command { return &ScaleComponent{} },
	func() Command { return &UpdateComponent{} },
	func() Command { return &StopComponent{} },
	func() Command { return &PutLink{} },
	func() Command { return &DeleteLink{} },
	func() Command { return &PutConfig{} },
	func() Command { return &DeleteConfig{} },
	func() Command { return &PutSecret{} },
	func() Command { return &DeleteSecret{} },
	func() Command { return &SecretsKey{} },
	func() Command { return &ListSecrets{} },
	func() Command { return &SecretHistoryOf{} },
	func() Command { return &SetHostState{} },
	func() Command { return &PutLabel{} },
	func() Command { return &DeleteLabel{} },
	func() Command { return &PutApp{} },
	func() Command { return &DeployApp{} },
	func() Command { return &RollbackApp{} },
	func() Command { return &PromoteApp{} },
	func() Command { return &ScaleApp{} },
	func() Command { return &UndeployApp{} },
	func() Command { return &DeleteApp{} },
	func() Command { return &ListApps{} },
	func() Command { return &GetApp{} },
	func() Command { return &AppStatusOf{} },
	func() Command { return &ExplainApp{} },
	func() Command { return &AppHistoryOf{} },
	func() Command { return &AddScheduler{} },
	func() Command { return &RemoveScheduler{} },
	func() Command { return &TakeSnapshot{} },
	func() Command { return &ExportState{} },
}

// Names returns the names of all commands.
func Names() []string {
	names := make([]string, len(kinds))
	for i, kind := range kinds {
		names[i] = kind().Name()
	}
	return names
}

// Decode returns the command of a name from its JSON, checked. The error is of kind
// ErrInvalid, or ErrNotFound for a name that there is not.
func Decode(name string, data []byte) (Command, error) {
	for _, kind := range kinds {
		cmd := kind()
		if cmd.Name() != name {
			continue
		}
		if err := wire.DecodeObject("command "+name, data, MaxCommand, cmd, "labels", "annotations", "values", "digests", "secrets"); err != nil {
			return nil, err
		}
		if err := cmd.Check(); err != nil {
			return nil, fmt.Errorf("command %s: %w", name, err)
		}
		return cmd, nil
	}
	return nil, fmt.Errorf("command %.80q: %w", name, lattice.ErrNotFound)
}

// Encode returns the JSON of a command, after it has checked it.
func Encode(cmd Command) ([]byte, error) {
	if err := cmd.Check(); err != nil {
		return nil, err
	}
	return wire.EncodeObject("command "+cmd.Name(), cmd, MaxCommand)
}
