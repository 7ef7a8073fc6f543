package wire

import (
	"fmt"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	witmodel "github.com/wattle-dev/wattle/wit"
)

// CheckProbe checks a probe: it has a path or a function, in the form that package
// lattice says, and times within bounds.
func CheckProbe(p *lattice.Probe) error {
	invalid := func(format string, args ...any) error {
		return fmt.Errorf("probe: %w: %s", lattice.ErrInvalid, fmt.Sprintf(format, args...))
	}
	switch {
	case (p.HTTPPath == "") == (p.Function == ""):
		return invalid("want either an HTTP path or a function")
	case p.IntervalMillis < 0 || p.IntervalMillis > MaxMillis, p.TimeoutMillis < 0 || p.TimeoutMillis > MaxMillis:
		return invalid("its times have to be from 0 to %d milliseconds", int64(MaxMillis))
	case p.Failures < 0 || p.Failures > MaxProbeFailures:
		return invalid("the failures have to be from 0 to %d", MaxProbeFailures)
	case p.HTTPPath != "":
		if !requestPath(p.HTTPPath) {
			return invalid("%.80q is not the path of a request, as /healthz", p.HTTPPath)
		}
		return nil
	}
	iface, function := p.Split()
	if len(p.Function) > MaxText || !wit(function) {
		return invalid("%.80q is not a function, as ns:pkg/iface@1.0.0.func", p.Function)
	}
	if iface != "" {
		if _, err := witmodel.ParseInterfaceID(iface); err != nil {
			return invalid("%.80q is not a function, as ns:pkg/iface@1.0.0.func: %v", p.Function, err)
		}
	}
	return nil
}

// requestPath reports whether s is the target of a request in origin-form, RFC 9112
// section 3.2.1, with a query or without.
func requestPath(s string) bool {
	if s[0] != '/' || len(s) > MaxRoutePath {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c == '%':
			if i+2 >= len(s) || !hexadecimal(s[i+1]) || !hexadecimal(s[i+2]) {
				return false
			}
		case c <= ' ' || c > '~' || strings.IndexByte("#\"<>\\^`{|}", c) >= 0:
			return false
		}
	}
	return true
}

func hexadecimal(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// probe reads a probe.
func (r *reader) probe() *lattice.Probe {
	p := new(lattice.Probe)
	r.record(refused, "", func(field string) bool {
		switch field {
		case "http_path":
			p.HTTPPath = r.required(MaxRoutePath)
		case "function":
			p.Function = r.required(MaxText)
		case "interval_ms":
			p.IntervalMillis = r.int(0, MaxMillis)
		case "timeout_ms":
			p.TimeoutMillis = r.int(0, MaxMillis)
		case "failures":
			p.Failures = int(r.int(0, MaxProbeFailures))
		default:
			return false
		}
		return true
	})
	if r.err == nil {
		if err := CheckProbe(p); err != nil {
			r.refuse(err)
		}
	}
	return p
}
