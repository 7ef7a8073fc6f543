package capability

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
)

type unit struct {
	suffix string
	factor uint64
}

// Longer suffixes come before those that they end with.
var (
	timeUnits = []unit{{"ms", 1}, {"s", 1000}, {"m", 60_000}, {"h", 3_600_000}}
	fineUnits = []unit{{"us", 1}, {"ms", 1000}, {"s", 1_000_000}}
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

// ParseMillis reads a time as 500ms, 60s, 5m or 1h, in milliseconds.
func ParseMillis(s string) (int64, error) {
	return quantity(s, timeUnits, "time", "500ms, 60s, 5m, 1h")
}

// ParseMicros reads a short time as 100us, 5ms or 1s, in microseconds.
func ParseMicros(s string) (int64, error) { return quantity(s, fineUnits, "time", "100us, 5ms, 1s") }

// ParseSize reads a size as 64MiB, in bytes.
func ParseSize(s string) (int64, error) { return quantity(s, sizeUnits, "size", "64KiB, 16MiB, 1GiB") }

// quantity reads a number and a unit.
func quantity(s string, units []unit, what, example string) (int64, error) {
	const most = 1<<63 - 1
	for _, u := range units {
		digits, ok := strings.CutSuffix(s, u.suffix)
		if !ok {
			continue
		}
		if n, err := strconv.ParseUint(digits, 10, 64); err == nil && n <= most/u.factor {
			return int64(n * u.factor), nil
		}
		break
	}
	return 0, fmt.Errorf("%s %.80q: %w: write a number and a unit, as in %s", what, s, lattice.ErrInvalid, example)
}

// FormatMillis returns a time in the largest unit that it is a multiple of.
func FormatMillis(n int64) string { return format(n, timeUnits) }

// FormatSize returns a size in the largest unit that it is a multiple of.
func FormatSize(n int64) string {
	return format(n, []unit{{"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}})
}

// format takes the last unit that divides n.
func format(n int64, units []unit) string {
	best := units[0]
	for _, u := range units {
		if f := int64(u.factor); n != 0 && n%f == 0 { //nolint:gosec // a constant above
			best = u
		}
	}
	return strconv.FormatInt(n/int64(best.factor), 10) + best.suffix //nolint:gosec // the same
}

// parseInt reads a number in its shortest form.
func parseInt(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != s {
		return 0, fmt.Errorf("number %.80q: %w", s, lattice.ErrInvalid)
	}
	return n, nil
}
