package cli

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/wattle-dev/wattle/internal/nearest"
)

// variables are the environment's names of flags. The environment goes over the
// configuration file, flags over both.
var variables = map[string]string{
	"nats":     "WATTLE_NATS",
	"creds":    "WATTLE_CREDS",
	"lattice":  "WATTLE_LATTICE",
	"data-dir": "WATTLE_DATA_DIR",
	"config":   "WATTLE_CONFIG",
}

// maxConfigFile bounds a configuration file, in bytes.
const maxConfigFile = 1 << 20

// settings fills in the flags of a command that were not given: from the
// environment, then from the file that --config names. given are the flags that
// stood on the command line.
func settings(env *Env, fs *pflag.FlagSet) (given map[string]bool, err error) {
	given = map[string]bool{}
	fs.Visit(func(f *pflag.Flag) { given[f.Name] = true })
	var errs []error
	fs.VisitAll(func(f *pflag.Flag) {
		name := variables[f.Name]
		if name == "" || f.Changed {
			return
		}
		if value := env.Getenv(name); value != "" {
			if err := fs.Set(f.Name, value); err != nil {
				errs = append(errs, &usageError{fmt.Errorf("%s=%s: %w", name, value, err)})
			}
		}
	})
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if f := fs.Lookup("config"); f != nil && f.Value.String() != "" {
		return given, readSettings(f.Value.String(), fs)
	}
	return given, nil
}

// readSettings reads a configuration file: YAML with the names of flags as keys.
func readSettings(file string, fs *pflag.FlagSet) error {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return fmt.Errorf("--config: %w", cause(file, err))
	case info.Size() > maxConfigFile:
		return fmt.Errorf("--config: %q has %s, the limit is %s", file, formatSize(uint64(info.Size())), formatSize(maxConfigFile))
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("--config: %w", cause(file, err))
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return &usageError{fmt.Errorf("%s: %w", file, err)}
	}
	if doc.Kind == 0 {
		return nil // it is empty
	}
	top := doc.Content[0]
	if top.Kind != yaml.MappingNode {
		return &usageError{fmt.Errorf("%s:%d: want the names of flags with their values, as in \"lattice: default\"", file, top.Line)}
	}
	var errs []error
	seen := map[string]bool{}
	for i := 0; i < len(top.Content); i += 2 {
		key, value := top.Content[i], top.Content[i+1]
		if err := setting(fs, key.Value, value, seen); err != nil {
			errs = append(errs, fmt.Errorf("%s:%d: %w", file, key.Line, err))
		}
	}
	if len(errs) > 0 {
		return &usageError{errors.Join(errs...)}
	}
	return nil
}

// setting sets one flag to what a configuration file says, unless it is set.
func setting(fs *pflag.FlagSet, name string, value *yaml.Node, seen map[string]bool) error {
	f := fs.Lookup(name)
	if f == nil || name == "config" || name == "help" {
		var names []string
		fs.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		return fmt.Errorf("%q is no setting of this command%s", name, nearest.Hint(name, names))
	}
	if seen[name] {
		return fmt.Errorf("%q is there twice", name)
	}
	seen[name] = true
	values, err := settingValues(value)
	if err != nil {
		return fmt.Errorf("%q: %w", name, err)
	}
	if f.Changed {
		return nil
	}
	for _, v := range values {
		if err := fs.Set(name, v); err != nil {
			return fmt.Errorf("%q: %w", name, err)
		}
	}
	return nil
}

// settingValues returns what a flag is to be set to, one after the other: a list
// is a flag that is repeated, and a mapping one of NAME=VALUE.
func settingValues(n *yaml.Node) ([]string, error) {
	var values []string
	switch n.Kind {
	case yaml.ScalarNode:
		if n.Tag == "!!null" {
			return nil, errors.New("it has no value")
		}
		return []string{n.Value}, nil
	case yaml.SequenceNode:
		for _, c := range n.Content {
			if c.Kind != yaml.ScalarNode {
				return nil, fmt.Errorf("line %d: want a text or a number", c.Line)
			}
			values = append(values, c.Value)
		}
	case yaml.MappingNode:
		for i := 0; i < len(n.Content); i += 2 {
			k, v := n.Content[i], n.Content[i+1]
			if v.Kind != yaml.ScalarNode || strings.Contains(k.Value, "=") {
				return nil, fmt.Errorf("line %d: want NAME: VALUE, both text", k.Line)
			}
			values = append(values, k.Value+"="+v.Value)
		}
	default:
		return nil, errors.New("want a value, a list or a mapping")
	}
	return values, nil
}
