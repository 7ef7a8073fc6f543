package show

import (
	"fmt"
	"strconv"
	"time"
)

// Age prints a time span in the unit that leaves a number of two or three digits.
func Age(d time.Duration) string {
	switch d = max(d, 0); {
	case d < 2*time.Minute:
		return strconv.FormatInt(int64(d/time.Second), 10) + "s"
	case d < 2*time.Hour:
		return strconv.FormatInt(int64(d/time.Minute), 10) + "m"
	case d < 48*time.Hour:
		return strconv.FormatInt(int64(d/time.Hour), 10) + "h"
	}
	return strconv.FormatInt(int64(d/(24*time.Hour)), 10) + "d"
}

// Bytes prints a size with the largest unit that leaves three digits or fewer
// before the point.
func Bytes(n uint64) string {
	for i, unit := range []string{"B", "KiB", "MiB", "GiB"} {
		if f := float64(n) / float64(uint64(1)<<(10*i)); f < 1000 {
			return number(f) + unit
		}
	}
	return number(float64(n)/float64(1<<40)) + "TiB"
}

func number(f float64) string {
	if f == float64(uint64(f)) {
		return strconv.FormatUint(uint64(f), 10)
	}
	return fmt.Sprintf("%.1f", f)
}
