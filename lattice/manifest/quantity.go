package manifest

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/wattle-dev/wattle/lattice/wire"
)

type unit struct {
	suffix string
	factor uint64
}

// Longer suffixes come before those that they end with.
var (
	timeUnits = []unit{{"ms", 1}, {"s", 1000}, {"m", 60_000}, {"h", 3_600_000}}
	sizeUnits = []unit{
		{"KiB", 1 << 10},
		{"MiB", 1 << 20},
		{"GiB", 1 << 30},
		{"TiB", 1 << 40},
		{"Ki", 1 << 10},
		{"Mi", 1 << 20},
		{"Gi", 1 << 30},
		{"Ti", 1 << 40},
		{"kB", 1e3},
		{"MB", 1e6},
		{"GB", 1e9},
		{"TB", 1e12},
		{"B", 1},
	}
)

// quantity reads a number and a unit.
func quantity(s string, units []unit) (uint64, bool) {
	for _, u := range units {
		digits, ok := strings.CutSuffix(s, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(digits, 10, 64)
		if err != nil || n > ^uint64(0)/u.factor {
			return 0, false
		}
		return n * u.factor, true
	}
	return 0, false
}

// millis reads a time as 500ms, 60s, 5m or 1h. It is from least to a week.
func (d *decoder) millis(v *value, path string, least int64) int64 {
	n, ok := quantity(v.text, timeUnits)
	switch {
	case v.kind != kindText || !ok:
		fix := "write a number and a unit, as in 500ms, 60s, 5m, 1h"
		if v.kind == kindInteger {
			fix = fmt.Sprintf("write it with a unit: %ss", v.text)
		}
		d.errorf(v, path, fix, "%s, want a time", v.what())
	case n > wire.MaxMillis || int64(n) < least: //nolint:gosec // the first condition bounds it
		d.errorf(v, path, "", "%s is not from %dms to %dh", v.text, least, wire.MaxMillis/3_600_000)
	default:
		return int64(n) //nolint:gosec // at most MaxMillis
	}
	return 0
}

// bytes reads a size as 64MiB.
func (d *decoder) bytes(v *value, path string) uint64 {
	n, ok := quantity(v.text, sizeUnits)
	switch {
	case v.kind != kindText || !ok:
		fix := "write a number and a unit, as in 64MiB, 1GiB"
		if v.kind == kindInteger {
			fix = fmt.Sprintf("write it with a unit: %sMiB", v.text)
		}
		d.errorf(v, path, fix, "%s, want a size", v.what())
	case n == 0 || n > wire.MaxMemoryBytes:
		d.errorf(v, path, "", "%s is not from 1B to %dGiB", v.text, uint64(wire.MaxMemoryBytes)>>30)
	default:
		return n
	}
	return 0
}

// maxCPUMillis bounds what a component may ask of a host's processors.
const maxCPUMillis = 1e6

// cpu reads thousandths of a processor: 250m, or processors: 2, 0.5.
func (d *decoder) cpu(v *value, path string) int64 {
	digits, thousandths := strings.CutSuffix(v.text, "m")
	n, err := strconv.ParseFloat(digits, 64)
	if !thousandths {
		n *= 1000
	}
	switch {
	case v.kind >= kindList || v.kind < kindInteger || err != nil || strings.Trim(digits, "0123456789.") != "":
		d.errorf(v, path, `write "250m" for a quarter of a processor, or 2 for two`, "%s, want a part of a processor", v.what())
	case n < 1 || n > maxCPUMillis:
		d.errorf(v, path, "", "%s is not from 1m to %d", v.text, int(maxCPUMillis/1000))
	default:
		return int64(n)
	}
	return 0
}
