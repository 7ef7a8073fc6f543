package host

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// collect returns an output and what it emits.
func collect(rate int) (*output, *[]string) {
	var got []string
	return newOutput(func(l Line) { got = append(got, l.Text) }, rate, &Metrics{}), &got
}

func TestLines(t *testing.T) {
	long := strings.Repeat("x", MaxLine)
	for _, tt := range []struct {
		writes []string
		want   []string
	}{
		{nil, nil},
		{[]string{""}, nil},
		{[]string{"a\nb\n"}, []string{"a", "b"}},
		{[]string{"a", "b\n", "c"}, []string{"ab", "c"}},
		{[]string{"\n\n"}, []string{"", ""}},
		{[]string{"a\r\n", "b\r", "\n"}, []string{"a", "b"}},
		{[]string{long + "\n"}, []string{long}},
		{[]string{long[:100], long, "\n"}, []string{long, long[:100]}},
		{[]string{long + long + "y\nz"}, []string{long, long, "y", "z"}},
	} {
		o, got := collect(1 << 20)
		w := o.writer("", 1, Stdout, nil)
		for _, s := range tt.writes {
			if n, err := w.Write([]byte(s)); n != len(s) || err != nil {
				t.Errorf("Write of %d bytes = %d, %v", len(s), n, err)
			}
		}
		w.close()
		if d := cmp.Diff(tt.want, *got); d != "" {
			t.Errorf("lines of %.40q (-want +got):\n%s", tt.writes, d)
		}
	}
}

func TestOutputRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, got := collect(10)
		w := o.writer("", 1, Stderr, nil)
		for range 3 {
			fmt.Fprint(&w, "1234\n") // five bytes
		}
		if len(*got) != 2 || o.metrics.OutputDropped.Load() != 5 {
			t.Errorf("%d lines came through and %d bytes were dropped, want 2 and 5", len(*got), o.metrics.OutputDropped.Load())
		}
		time.Sleep(time.Second)
		fmt.Fprint(&w, "1234\n")
		if len(*got) != 3 {
			t.Errorf("%d lines came through after a second, want 3", len(*got))
		}
	})
}

func TestTail(t *testing.T) {
	o, _ := collect(1) // what the rate drops is kept for the trap
	tail := &tail{}
	w := o.writer("", 1, Stderr, tail)
	var want []string
	for i := range 3 * tailLines {
		fmt.Fprintf(&w, "%d\n", i)
		want = append(want, fmt.Sprint(i))
	}
	fmt.Fprintln(&w, strings.Repeat("x", 10*tailLine))
	want = append(want[2*tailLines+1:], strings.Repeat("x", tailLine))
	if d := cmp.Diff(strings.Join(want, "\n")+"\n", tail.String()); d != "" {
		t.Errorf("tail (-want +got):\n%s", d)
	}
}
