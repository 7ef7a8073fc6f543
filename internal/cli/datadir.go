package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/wattle-dev/wattle/lattice"
)

// dataDir is where `wattle up` keeps everything; a scheduler of its own has its log
// there, and the lock. It has
//
//	keys/         who may do what: package lattice/trust
//	nats/         the messages and documents of NATS
//	scheduler/    the log of what the scheduler has decided: package scheduler/raftlog
//	host/         what the host ought to run, and its components
//	mcp-token     what clients of the MCP gateway show it
//	mcp-sessions.key  with which the gateway seals their sessions, where the lattice gives nothing for that
//	lattice.json  how commands find the lattice
//	lock          held by the `wattle up` that runs
type dataDir string

func (d dataDir) keys() string      { return filepath.Join(string(d), "keys") }
func (d dataDir) nats() string      { return filepath.Join(string(d), "nats") }
func (d dataDir) host() string      { return filepath.Join(string(d), "host") }
func (d dataDir) scheduler() string { return filepath.Join(string(d), "scheduler") }
func (d dataDir) manifest() string  { return filepath.Join(string(d), "lattice.json") }

// dataVersion is the version of the form of a data directory.
const dataVersion = 1

// running is lattice.json: what runs on a data directory, or ran there last.
type running struct {
	Version int          `json:"version"`
	Lattice lattice.Name `json:"lattice"`
	// PID is that of the `wattle up`, zero after it has stopped in good order.
	PID  int    `json:"pid,omitempty"`
	NATS string `json:"nats"`
	HTTP string `json:"http,omitempty"`
	// MCP is where the gateway of MCP servers is, empty if there is none.
	MCP  string `json:"mcp,omitempty"`
	Host string `json:"host,omitempty"`
	// Scheduler is where other schedulers reach that of the `wattle up`.
	Scheduler string    `json:"scheduler,omitempty"`
	Started   time.Time `json:"started,omitzero"`
}

// defaultDataDir returns the directory that is used when none is named.
func defaultDataDir(env *Env) (dataDir, error) {
	if dir := env.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return dataDir(filepath.Join(dir, "wattle")), nil
	}
	if home := env.Getenv("HOME"); home != "" {
		return dataDir(filepath.Join(home, ".local", "state", "wattle")), nil
	}
	return "", errors.New("no place for the data of a lattice: set HOME or WATTLE_DATA_DIR, or use --data-dir")
}

// read reads lattice.json. The error is fs.ErrNotExist if there is none.
func (d dataDir) read() (*running, error) {
	text, err := os.ReadFile(d.manifest())
	if err != nil {
		return nil, cause(d.manifest(), err)
	}
	var version struct{ Version int }
	if err := json.Unmarshal(text, &version); err != nil {
		return nil, fmt.Errorf("%q: %w", d.manifest(), err)
	}
	if version.Version != dataVersion {
		return nil, fmt.Errorf("data directory %q has version %d, this wattle knows version %d: use the wattle that wrote it, or another --data-dir", d, version.Version, dataVersion)
	}
	var r running
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("%q: %w", d.manifest(), err)
	}
	return &r, nil
}

// now returns what runs on the directory. otherwise says what to do if the lattice is
// another one.
func (d dataDir) now(otherwise string) (*running, error) {
	r, err := d.read()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: there is no lattice in data directory %q: start one with wattle up, or %s", lattice.ErrUnavailable, d, otherwise)
	case err != nil:
		return nil, err
	case r.PID == 0:
		return nil, fmt.Errorf("%w: the lattice in data directory %q is not running: start it with wattle up --data-dir %s", lattice.ErrUnavailable, d, d)
	}
	return r, nil
}

// write writes lattice.json, all of it or nothing.
func (d dataDir) write(r *running) error {
	r.Version = dataVersion
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(string(d), ".lattice-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(append(text, '\n'))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), d.manifest())
}

// open makes the directory, if it is not there, and takes its lock. release gives
// it back.
func (d dataDir) open() (release func(), err error) {
	if err := os.MkdirAll(string(d), 0o700); err != nil {
		return nil, d.explain(err)
	}
	f, err := os.OpenFile(filepath.Join(string(d), "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, d.explain(err)
	}
	release = func() { _ = f.Close() }
	if err := tryLock(f); err != nil {
		release()
		return nil, d.occupied()
	}
	if _, err := d.read(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		release()
		return nil, err
	}
	return release, nil
}

// occupied says who uses the directory.
func (d dataDir) occupied() error {
	if r, err := d.read(); err == nil && r.PID != 0 {
		return fmt.Errorf("wattle up runs on data directory %q already, as process %d since %s; stop it with kill %d, or use another --data-dir with other --addr and --nats-addr",
			d, r.PID, r.Started.Local().Format(time.DateTime), r.PID)
	}
	return fmt.Errorf("another wattle starts or stops on data directory %q; wait for it, or use another --data-dir", d)
}

// room says what to do about a full disk.
func room(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w; make room there and do it again: what was there before is as it was", err)
	}
	return err
}

// explain says what to do about an error of a file of the directory.
func (d dataDir) explain(err error) error {
	next := ""
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		next = "; it has to be writable: choose another with --data-dir"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		next = "; make room there, or choose another with --data-dir"
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrExist):
		next = "; there is a file in its place: choose another with --data-dir"
	}
	if next == "" {
		return err
	}
	return fmt.Errorf("data directory %q: %w%s", d, err, next)
}
