package cli

import (
	"fmt"
	"strconv"
	"strings"
)

// size is a flag of bytes with a unit: 64MiB, 1GiB, 500kB. A bare number is
// refused: it is never clear what it counts.
type size uint64

var units = []struct {
	suffix string
	factor uint64
}{
	{"KiB", 1 << 10},
	{"MiB", 1 << 20},
	{"GiB", 1 << 30},
	{"TiB", 1 << 40},
	{"kB", 1e3},
	{"MB", 1e6},
	{"GB", 1e9},
	{"TB", 1e12},
	{"B", 1},
}

func (s *size) Set(text string) error {
	for _, u := range units {
		num, ok := strings.CutSuffix(text, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(strings.TrimSpace(num), 10, 64)
		if err != nil || n > ^uint64(0)/u.factor {
			return fmt.Errorf("%q is not a size", text)
		}
		*s = size(n * u.factor)
		return nil
	}
	return fmt.Errorf("%q has no unit: write 64MiB, 1GiB", text)
}

func (s *size) Type() string { return "size" }

func (s *size) String() string { return formatSize(uint64(*s)) }

// formatSize prints bytes with the largest unit that leaves three digits or
// fewer before the point.
func formatSize(n uint64) string {
	for i, unit := range []string{"B", "KiB", "MiB", "GiB", "TiB"} {
		if f := float64(n) / float64(uint64(1)<<(10*i)); f < 1000 || unit == "TiB" {
			if f == float64(uint64(f)) {
				return fmt.Sprintf("%d%s", uint64(f), unit)
			}
			return fmt.Sprintf("%.1f%s", f, unit)
		}
	}
	return ""
}
