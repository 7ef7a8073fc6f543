package wasmcloud

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// maxRequest bounds the body of a request, in bytes.
const maxRequest = control.MaxCommand

// decode reads a JSON object. Fields that are not known are of newer clients.
func decode(data []byte, v any) error { return wire.DecodeForeign("request", data, maxRequest, v) }

func bad(format string, args ...any) error {
	return fmt.Errorf("%w: %s", lattice.ErrInvalid, fmt.Sprintf(format, args...))
}

// decodeScale returns the request to scale a component on a host, and the command
// that it is: a *control.StartComponent or a *control.StopComponent.
func decodeScale(data []byte, host lattice.HostID) (*scaleRequest, control.Command, error) {
	var r scaleRequest
	if err := decode(data, &r); err != nil {
		return nil, nil, err
	}
	if err := sameHost(r.HostID, host); err != nil {
		return nil, nil, err
	}
	count := r.Count
	if count == nil {
		count = r.MaxInstances
	}
	if count == nil {
		return nil, nil, bad("count is missing")
	}
	r.Count = count
	if *count == 0 {
		cmd := &control.StopComponent{ID: lattice.ComponentID(r.ComponentID), Host: host}
		return &r, cmd, cmd.Check()
	}
	if *count > wire.MaxInstances {
		return nil, nil, bad("count %d, the limit is %d", *count, wire.MaxInstances)
	}
	limits, err := decodeLimits(r.Limits)
	if err != nil {
		return nil, nil, err
	}
	cmd := &control.StartComponent{
		ID:           lattice.ComponentID(r.ComponentID),
		Ref:          r.ComponentRef,
		Where:        control.Where{Host: host},
		Add:          true,
		MaxInstances: int(*count),
		Limits:       limits,
		Config:       configNames(r.Config),
		Annotations:  r.Annotations,
		AllowUpdate:  r.AllowUpdate,
	}
	return &r, cmd, cmd.Check()
}

// decodeLimits reads the limits of a component, which are texts: a size in bytes or
// with a unit, and a time in milliseconds or with a unit.
func decodeLimits(limits map[string]string) (lattice.Limits, error) {
	var l lattice.Limits
	for key, value := range limits {
		var err error
		switch key {
		case "max_memory_limit":
			l.MemoryBytes, err = decodeSize(value)
		case "max_execution_time":
			l.TimeoutMillis, err = decodeMillis(value)
		default:
			err = bad("it is not known")
		}
		if err != nil {
			return lattice.Limits{}, fmt.Errorf("component_limits: %.80q: %w", key, err)
		}
	}
	return l, nil
}

// units are those of sizes, of which a longer one goes before its end.
var units = []struct {
	name string
	size uint64
}{
	{"kib", 1 << 10},
	{"mib", 1 << 20},
	{"gib", 1 << 30},
	{"kb", 1000},
	{"mb", 1000_000},
	{"gb", 1000_000_000},
	{"k", 1000},
	{"m", 1000_000},
	{"g", 1000_000_000},
	{"b", 1},
}

func decodeSize(s string) (uint64, error) {
	number, unit := strings.ToLower(strings.TrimSpace(s)), uint64(1)
	for _, u := range units {
		if n, ok := strings.CutSuffix(number, u.name); ok {
			number, unit = strings.TrimSpace(n), u.size
			break
		}
	}
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil || n == 0 || n > wire.MaxMemoryBytes/unit {
		return 0, bad("want a size like 64MiB, have %.80q", s)
	}
	return n * unit, nil
}

func decodeMillis(s string) (int64, error) {
	s = strings.TrimSpace(s)
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		var d time.Duration
		d, err = time.ParseDuration(s)
		n = d.Milliseconds()
	}
	if err != nil || n <= 0 || n > wire.MaxMillis {
		return 0, bad("want a time like 30s, have %.80q", s)
	}
	return n, nil
}

func decodeUpdate(data []byte, host lattice.HostID) (*updateRequest, *control.UpdateComponent, error) {
	var r updateRequest
	if err := decode(data, &r); err != nil {
		return nil, nil, err
	}
	if err := sameHost(r.HostID, host); err != nil {
		return nil, nil, err
	}
	cmd := &control.UpdateComponent{ID: lattice.ComponentID(r.ComponentID), Ref: r.NewComponentRef, Annotations: r.Annotations}
	return &r, cmd, cmd.Check()
}

func decodeStopHost(data []byte, host lattice.HostID) (*stopHostRequest, error) {
	var r stopHostRequest
	if err := decode(data, &r); err != nil {
		return nil, err
	}
	return &r, sameHost(r.HostID, host)
}

// sameHost compares the host that a body names with the one of the subject. A body
// may leave it away.
func sameHost(body string, host lattice.HostID) error {
	if body != "" && body != string(host) {
		return bad("host_id %.80q is not the host of the subject", body)
	}
	return nil
}

func decodeAuction(data []byte) (*componentAuction, error) {
	var r componentAuction
	if err := decode(data, &r); err != nil {
		return nil, err
	}
	if r.Constraints == nil {
		return nil, bad("constraints are missing")
	}
	_, err := lattice.ParseComponentID(r.ComponentID)
	return &r, err
}

func decodeLink(data []byte) (*control.PutLink, error) {
	var r linkShape
	if err := decode(data, &r); err != nil {
		return nil, err
	}
	name, err := lattice.ParseLinkName(r.Name)
	if err != nil {
		return nil, err
	}
	cmd := &control.PutLink{Link: lattice.Link{
		Source: lattice.ComponentID(r.SourceID), Target: r.Target, Name: name, Namespace: r.Namespace, Package: r.Package,
		Interfaces: r.Interfaces, SourceConfig: configNames(r.SourceConfig), TargetConfig: configNames(r.TargetConfig),
	}}
	return cmd, cmd.Check()
}

func decodeUnlink(data []byte) (*control.DeleteLink, error) {
	var r unlinkShape
	if err := decode(data, &r); err != nil {
		return nil, err
	}
	name, err := lattice.ParseLinkName(r.Name)
	if err != nil {
		return nil, err
	}
	cmd := &control.DeleteLink{Source: lattice.ComponentID(r.SourceID), LinkName: name, Namespace: r.Namespace, Package: r.Package}
	return cmd, cmd.Check()
}

func decodeConfig(name string, data []byte) (*control.PutConfig, error) {
	values := lattice.Config{}
	if err := decode(data, &values); err != nil {
		return nil, err
	}
	cmd := &control.PutConfig{Config: lattice.ConfigName(name), Values: values}
	return cmd, cmd.Check()
}

func decodeLabel(data []byte) (*labelRequest, error) {
	var r labelRequest
	if err := decode(data, &r); err != nil {
		return nil, err
	}
	return &r, wire.CheckLabelKey(r.Key)
}
