package manifest

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/wattle-dev/wattle/lattice/capability"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// millis reads a time as 500ms, 60s, 5m or 1h. It is from least to a week.
func (d *decoder) millis(v *value, path string, least int64) int64 {
	n, err := capability.ParseMillis(v.text)
	switch {
	case v.kind != kindText || err != nil:
		fix := "write a number and a unit, as in 500ms, 60s, 5m, 1h"
		if v.kind == kindInteger {
			fix = fmt.Sprintf("write it with a unit: %ss", v.text)
		}
		d.errorf(v, path, fix, "%s, want a time", v.what())
	case n > wire.MaxMillis || n < least:
		d.errorf(v, path, "", "%s is not from %dms to %dh", v.text, least, wire.MaxMillis/3_600_000)
	default:
		return n
	}
	return 0
}

// micros reads a short time as 100us, 5ms or 1s, of up to most microseconds.
func (d *decoder) micros(v *value, path string, most int64) int64 {
	n, err := capability.ParseMicros(v.text)
	switch {
	case v.kind != kindText || err != nil:
		fix := "write a number and a unit, as in 100us, 5ms, 1s"
		if v.kind == kindInteger {
			fix = fmt.Sprintf("write it with a unit: %sus", v.text)
		}
		d.errorf(v, path, fix, "%s, want a short time", v.what())
	case n == 0 || n > most:
		d.errorf(v, path, "", "%s is not from 1us to %ds", v.text, most/1_000_000)
	default:
		return n
	}
	return 0
}

// bytes reads a size as 64MiB, of up to most.
func (d *decoder) bytes(v *value, path string, most int64) int64 {
	n, err := capability.ParseSize(v.text)
	switch {
	case v.kind != kindText || err != nil:
		fix := "write a number and a unit, as in 64MiB, 1GiB"
		if v.kind == kindInteger {
			fix = fmt.Sprintf("write it with a unit: %sMiB", v.text)
		}
		d.errorf(v, path, fix, "%s, want a size", v.what())
	case n == 0 || n > most:
		d.errorf(v, path, "", "%s is not from 1B to %dGiB", v.text, most>>30)
	default:
		return n
	}
	return 0
}

// memory reads the size of a memory.
func (d *decoder) memory(v *value, path string) uint64 {
	return uint64(d.bytes(v, path, wire.MaxMemoryBytes)) //nolint:gosec // not negative
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
