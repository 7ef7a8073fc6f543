package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/wattle-dev/wattle/host/capability"
)

// volumes returns the directories that --volume names: NAME=DIR, or NAME=DIR:ro for one
// that nobody may change anything in.
func volumes(texts []string) (map[string]capability.Volume, error) {
	all := map[string]capability.Volume{}
	for _, text := range texts {
		name, dir, ok := strings.Cut(text, "=")
		dir, readOnly := strings.CutSuffix(dir, ":ro")
		if !ok || name == "" || dir == "" {
			return nil, &usageError{fmt.Errorf("--volume %q is not of the form NAME=DIR[:ro]", text)}
		}
		if _, ok := all[name]; ok {
			return nil, &usageError{fmt.Errorf("--volume %q: there is another volume of that name", text)}
		}
		dir, err := filepath.Abs(dir)
		if err != nil {
			return nil, err
		}
		switch info, err := os.Stat(dir); {
		case err != nil:
			return nil, &usageError{fmt.Errorf("--volume %q: %w", text, err)}
		case !info.IsDir():
			return nil, &usageError{fmt.Errorf("--volume %q is not a directory", text)}
		}
		all[name] = capability.Volume{Dir: dir, ReadOnly: readOnly}
	}
	return all, nil
}
