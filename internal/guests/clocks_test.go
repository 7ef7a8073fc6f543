package guests_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/host/wasi"
)

// clocksTests are the tests of guests of wasi:clocks.
var clocksTests = map[guest]func(*testing.T, guest){
	"monotonic_now":       passes,
	"monotonic_subscribe": passes,
	"timezone_utc":        passes,
	"wall_now": func(t *testing.T, g guest) {
		before := time.Now().Unix()
		o := g.pass(t, wasi.Options{})
		after := time.Now().Unix()
		if now, err := strconv.ParseInt(o.stdout, 10, 64); err != nil || now < before || now > after {
			t.Errorf("the guest says that it is %q, %v, want from %d to %d", o.stdout, err, before, after)
		}
	},
}
