package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// unit is what a figure counts.
type unit string

const (
	nanoseconds unit = "ns"
	kibibytes   unit = "KiB"
	perSecond   unit = "/s"
	perGiB      unit = "/GiB"
	factor      unit = "×"
)

// more says that more of it is better.
func (u unit) more() bool { return u == perSecond || u == perGiB }

// row is a line of the table.
type row struct {
	Section string  `json:"section"`
	Name    string  `json:"name"`
	Value   float64 `json:"value"`
	Unit    unit    `json:"unit"`
	// Allocs is how many allocations an operation makes, nil if they were not
	// counted.
	Allocs *float64 `json:"allocs,omitempty"`
	// P50 and P99 are of how long requests or operations took, CPU is what one
	// cost the process of the server, in nanoseconds.
	P50 float64 `json:"p50,omitempty"`
	P99 float64 `json:"p99,omitempty"`
	CPU float64 `json:"cpu,omitempty"`
	// Target is zero if there is none.
	Target float64 `json:"target,omitempty"`
	// OfTarget is at most 1 if the target is reached.
	OfTarget float64 `json:"ofTarget,omitempty"`
	Peers    []peer  `json:"peers,omitempty"`
	Note     string  `json:"note,omitempty"`
	// Skipped says why there is no figure.
	Skipped string `json:"skipped,omitempty"`
}

// peer is what another program needs for the same.
type peer struct {
	Name  string  `json:"name"`
	Value float64 `json:"value,omitempty"`
	// OfPeer is less than 1 if we need less.
	OfPeer  float64 `json:"ofPeer,omitempty"`
	Skipped string  `json:"skipped,omitempty"`
}

// against returns by how much a figure of this unit is worse than another one.
func (u unit) against(value, other float64) float64 {
	if value == 0 || other == 0 {
		return 0
	}
	if u.more() {
		return other / value
	}
	return value / other
}

// compare fills in the ratios.
func (r *row) compare() {
	r.OfTarget = r.Unit.against(r.Value, r.Target)
	for i := range r.Peers {
		r.Peers[i].OfPeer = r.Unit.against(r.Value, r.Peers[i].Value)
	}
}

// format writes a figure with three digits that count.
func (u unit) format(v float64) string {
	digits := func(v float64) string {
		n := 2
		for scale := 10.0; n > 0 && v >= scale; scale *= 10 {
			n--
		}
		return strconv.FormatFloat(v, 'f', n, 64)
	}
	if u != nanoseconds {
		return strings.TrimSpace(digits(v) + " " + string(u))
	}
	for _, scale := range []struct {
		of   time.Duration
		name string
	}{{time.Second, "s"}, {time.Millisecond, "ms"}, {time.Microsecond, "µs"}} {
		if v >= float64(scale.of) {
			return digits(v/float64(scale.of)) + " " + scale.name
		}
	}
	return digits(v) + " ns"
}

// titles are what the table says of sections.
var titles = map[string]string{
	"calls":      "Calls; a peer calls by its C API with values that are known at run time only, as Go does here",
	"compute":    "Computations, with fuel counted; peers without protection, with epochs, with fuel",
	"load":       "Before code is compiled",
	"instances":  "Instances, made and closed",
	"reset":      "An instance is closed, made as it was at the start, and taken again, with so many pages of 4 KiB written in between",
	"requests":   "Requests without a network",
	"hello":      "A request of a small wasi:http component, each in an instance of its own; the peer is net/http without a guest",
	"start":      "From the start of a process to its first answered tools/call; CPU is that of the whole process",
	"mcp":        "tools/call echo, each in an instance of its own",
	"density":    "Instances held in one process",
	"neighbours": "Requests of a well-behaved guest beside others that spin, all in one process, each with its limits",
	"deadline":   "From the deadline of a call to its end",
	"fs":         "A guest opens, reads and closes a file of 4 KiB, over and over, on each kind of directory that it can be linked to",
	"http":       "A component fetches something and relays it, in an instance of its own, against Go's client of the same server; by the clock",
	"kv":         "A value is set and got, one after the other: by a guest against a client of the same server alone; by the clock",
	"lattice":    "Calls between hosts, against nats.go on the same NATS server with messages of the same size",
	"gateway":    "The MCP gateway: a relay of tools/call against httputil.ReverseProxy before the same server, each in a process of its own; then what it answers itself; then a component",
	"scheduler":  "The leader of the schedulers: decisions by processor time of all of its work but NATS and the disk; the rest by the clock",
}

// writeTable writes rows for people.
func writeTable(w io.Writer, about string, rows []row) error {
	fmt.Fprintln(w, about)
	var t *tabwriter.Writer
	section := ""
	for _, r := range rows {
		if r.Section != section {
			if t != nil {
				if err := t.Flush(); err != nil {
					return err
				}
			}
			section = r.Section
			fmt.Fprintf(w, "\n%s: %s\n", section, titles[section])
			t = tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
			fmt.Fprintln(t, "\tfigure\tallocs\ttarget\tof target\tmore, peers (ratio)")
		}
		fmt.Fprintln(t, strings.Join(r.cells(), "\t"))
	}
	if t == nil {
		return nil
	}
	return t.Flush()
}

func (r *row) cells() []string {
	if r.Skipped != "" {
		return []string{r.Name, "skipped", "", "", "", r.Skipped}
	}
	cells := []string{r.Name, r.Unit.format(r.Value), "", "", "", ""}
	if r.Allocs != nil {
		cells[2] = strconv.FormatFloat(*r.Allocs, 'f', 0, 64)
	}
	if r.Target != 0 {
		cells[3], cells[4] = r.Unit.format(r.Target), strconv.FormatFloat(r.OfTarget, 'f', 2, 64)
	}
	var peers []string
	for _, more := range []struct {
		name  string
		value float64
	}{{"p50", r.P50}, {"p99", r.P99}, {"CPU", r.CPU}} {
		if more.value != 0 {
			peers = append(peers, more.name+" "+nanoseconds.format(more.value))
		}
	}
	for _, p := range r.Peers {
		if p.Skipped != "" {
			peers = append(peers, p.Name+" skipped: "+p.Skipped)
			continue
		}
		peers = append(peers, fmt.Sprintf("%s %s (%.2f)", p.Name, r.Unit.format(p.Value), p.OfPeer))
	}
	if r.Note != "" {
		peers = append(peers, r.Note)
	}
	cells[5] = strings.Join(peers, ", ")
	return cells
}

// writeJSON writes rows for machines.
func writeJSON(w io.Writer, about string, rows []row) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(struct {
		Machine string `json:"machine"`
		Rows    []row  `json:"rows"`
	}{about, rows})
}
