package decide

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// wishOf returns what was asked of a host, for changes, or an error if there is no such
// host.
func (d *decider) wishOf(id lattice.HostID) (*state.Host, error) {
	w := state.Host{ID: id, State: lattice.HostReady}
	old, host := d.s.Host(id), d.Hosts(id)
	switch {
	case old != nil:
		w = *old
		w.Labels = maps.Clone(old.Labels)
	case host == nil:
		return nil, noHost(id)
	}
	result := &control.Result{}
	d.d.Result = result
	switch {
	case host == nil:
		result.Notes = []string{"the host has not reported; it is told when it does"}
	case host.Silent != "":
		result.Notes = []string{"the host is told when it reports again: " + host.Silent}
	}
	return &w, nil
}

func noHost(id lattice.HostID) error {
	return fmt.Errorf("host %s: %w in this lattice: `wattle get hosts` lists those that are", id, lattice.ErrNotFound)
}

func (d *decider) setHostState(c *control.SetHostState) error {
	w, err := d.wishOf(c.Host)
	if err != nil {
		return err
	}
	if d.s.Host(c.Host) != nil && w.State == c.State {
		return nil
	}
	if h := d.Hosts(c.Host); c.State == lattice.HostStopped && h != nil && h.Report.State == lattice.HostStopped {
		d.note("it has ended already")
		return nil
	}
	w.State = c.State
	d.put(state.Record{Host: w})
	// What runs there may have to go, and what waits for room may come.
	for component := range d.s.On(c.Host) {
		d.touch(component.ID)
	}
	d.happens(lattice.EventHostState, string(c.Host), map[string]any{"host": c.Host, "state": c.State})
	return nil
}

func (d *decider) note(text string) {
	r := d.d.plain()
	r.Notes = append(r.Notes, text)
}

// detected begins the keys of labels that hosts alone have, as wasmCloud names them.
const detected = "hostcore."

func (d *decider) putLabel(c *control.PutLabel) error {
	w, err := d.labelled(c.Host, c.Key)
	if err != nil {
		return err
	}
	if value, ok := w.Labels[c.Key]; ok && value == c.Value {
		return nil
	}
	if w.Labels == nil {
		w.Labels = map[string]string{}
	}
	w.Labels[c.Key] = c.Value
	d.label(w)
	return nil
}

func (d *decider) deleteLabel(c *control.DeleteLabel) error {
	w, err := d.labelled(c.Host, c.Key)
	if err != nil {
		return err
	}
	if _, ok := w.Labels[c.Key]; !ok {
		d.note(fmt.Sprintf("label %q was not given to the host by a command, and one that it has by itself stays: it was started with it", c.Key))
		return nil
	}
	delete(w.Labels, c.Key)
	d.label(w)
	return nil
}

func (d *decider) labelled(id lattice.HostID, key string) (*state.Host, error) {
	w, err := d.wishOf(id)
	if err == nil && strings.HasPrefix(key, detected) {
		err = fmt.Errorf("label %q: %w: labels that begin with %s say what the host is", key, lattice.ErrDenied, detected)
	}
	return w, err
}

func (d *decider) label(w *state.Host) {
	d.put(state.Record{Host: w})
	for component := range d.s.On(w.ID) {
		d.touch(component.ID)
	}
	d.happens(lattice.EventHostLabels, string(w.ID), map[string]any{"host": w.ID, "labels": w.Labels})
}

// open reports why a host that is named takes nothing new.
func (d *decider) open(id lattice.HostID) error {
	h := d.Hosts(id)
	if h == nil {
		return noHost(id)
	}
	why := ""
	switch wish := d.s.Wish(id); {
	case h.Report.State == lattice.HostStopped:
		why = "it has ended"
	case h.Silent != "":
		why = h.Silent
	case wish != lattice.HostReady:
		why = fmt.Sprintf("it is to be %s: `wattle host uncordon %s` makes it ready", wish, id)
	case h.Report.State != lattice.HostReady:
		why = fmt.Sprintf("it is %s", h.Report.State)
	}
	if why != "" {
		return fmt.Errorf("host %s: %w: %s", id, lattice.ErrUnavailable, why)
	}
	return nil
}

// outside says which condition of a command a host does not meet, or nothing if it meets
// all.
func (d *decider) outside(h *Host, w *control.Where) string {
	if w.Group != "" && w.Group != h.Report.Group {
		return fmt.Sprintf("it is of group %q, not %q", h.Report.Group, w.Group)
	}
	for _, key := range slices.Sorted(maps.Keys(w.Labels)) {
		switch value, ok := h.Report.Labels[key]; {
		case !ok:
			return fmt.Sprintf("it has no label %s", key)
		case value != w.Labels[key]:
			return fmt.Sprintf("its label %s is %q, not %q", key, value, w.Labels[key])
		}
	}
	return ""
}
