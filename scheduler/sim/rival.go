package sim

import (
	"errors"
	"fmt"

	"github.com/wattle-dev/wattle/scheduler/lead"
)

// rival is a scheduler with a log of its own that was started on the same lattice by
// mistake. It contends for it as others do, and if it has it, it keeps it for a while. It
// tells hosts nothing: what matters is that nobody else does meanwhile.
type rival struct {
	w     *World
	n     int
	claim *lead.Claim
	watch *watch
	begun bool
	held  bool
	ended bool
}

// rivalry starts a rival for a time, if there is none.
func (w *World) rivalry(ms int64) {
	if w.rival != nil && !w.rival.ended {
		return
	}
	w.rivals++
	v := &rival{w: w, n: w.rivals}
	w.rival = v
	v.claim = lead.NewClaim(latticeName, lead.Beat{Cluster: fmt.Sprintf("rival-%d", v.n), ID: "local", Service: fmt.Sprintf("rival-%d", v.n), Term: 1})
	w.note("rival %d starts", v.n)
	v.watch = w.beats.watch("", func() bool { return !v.ended }, func(i item) { v.claim.Saw(w.now, i.live(), beatOf(i)) }, v.begin)
	w.after(ms, v.end)
}

func (v *rival) end() {
	if !v.ended {
		v.ended = true
		v.watch.end()
		v.w.note("rival %d ends", v.n)
	}
}

// begin has it contend, once.
func (v *rival) begin() {
	if !v.begun {
		v.begun = true
		v.claim.Synced(v.w.now, true)
		v.contend()
	}
}

// contend has it lead when nobody else does, and say so each second then.
func (v *rival) contend() {
	w := v.w
	if v.ended {
		return
	}
	standing := v.claim.Standing(w.now)
	if standing != lead.Held && v.held {
		v.end() // as a service begins again: it was told by mistake, once
		return
	}
	pause := int64(lookEvery)
	if standing == lead.Held || standing == lead.Free || w.opts.Break == ClaimAtOnce {
		pause = beatEvery
		b, over := v.claim.Next()
		sent := w.now
		w.putBeat(&b, over, func() bool { return !v.ended }, func(now item, err error) {
			switch {
			case v.ended:
			case errors.Is(err, errRevision):
				v.claim.Looked(w.now, now.live(), beatOf(now))
			default:
				if !v.held {
					w.note("rival %d has claimed the lattice", v.n)
				}
				v.held = true
				v.claim.Wrote(sent, now.revision)
				w.oneLeads()
			}
		})
	}
	w.after(pause, v.contend)
}

// oneLeads sees that no two leaders of different logs may tell hosts what to run.
//
// Invariant: of two logs one leads.
func (w *World) oneLeads() {
	if w.rival == nil || w.rival.ended || !w.rival.claim.Sure(w.now) {
		return
	}
	for _, r := range w.replicas {
		if s := r.service; s != nil && !s.ended && s.acts && s.claim.Sure(s.mono()) {
			w.fail("of two logs one leads", "scheduler %d and rival %d", r.id, w.rival.n)
		}
	}
}
