package reconcile

import (
	"cmp"
	"container/heap"

	"github.com/wattle-dev/wattle/lattice"
)

// alarm is a time at which a component is looked at again.
type alarm struct {
	at int64
	id lattice.ComponentID
}

// alarms are ordered by time: a container/heap.
type alarms []alarm

// Len implements heap.Interface.
func (a alarms) Len() int { return len(a) }

// Less implements heap.Interface.
func (a alarms) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(a[i].at, a[j].at), cmp.Compare(a[i].id, a[j].id)) < 0
}

// Swap implements heap.Interface.
func (a alarms) Swap(i, j int) { a[i], a[j] = a[j], a[i] }

// Push implements heap.Interface.
func (a *alarms) Push(x any) { *a = append(*a, x.(alarm)) } //nolint:forcetypeassert // only set pushes

// Pop implements heap.Interface.
func (a *alarms) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}

// alarm has a component be looked at at a time. One alarm of a component is enough: it
// sets the next one itself when it is looked at.
func (r *Reconciler) alarm(m *component, at int64) {
	if m.alarm != 0 && m.alarm <= at && m.alarm > r.now {
		return
	}
	m.alarm = at
	r.ring(m)
}

// ring has the alarm of a component be among those that are waited for, or an earlier one.
func (r *Reconciler) ring(m *component) {
	if m.rings == 0 || m.rings > m.alarm {
		m.rings = m.alarm
		heap.Push(&r.alarms, alarm{m.alarm, m.id})
	}
}

// wake touches the components whose time has come.
func (r *Reconciler) wake() {
	for len(r.alarms) > 0 && r.alarms[0].at <= r.now {
		one, _ := heap.Pop(&r.alarms).(alarm)
		m := r.known[one.id]
		if m == nil || m.rings != one.at {
			continue
		}
		m.rings = 0
		switch {
		case m.alarm == 0: // what it was set for has come to be
		case m.alarm <= r.now:
			m.alarm = 0
			r.touch(one.id)
		default:
			r.ring(m)
		}
	}
	if r.now >= r.again {
		r.again = r.now + r.opts.Again
		r.touchAll(r.missing)
		for name := range r.failing {
			r.apps[name] = true
		}
	}
}

// next is when to plan again.
func (r *Reconciler) next(p *Plan) int64 {
	if len(r.dirty)+len(r.backlog) > 0 || !p.Empty() {
		return r.now
	}
	next := r.now + r.opts.Again
	if len(r.alarms) > 0 {
		next = min(next, r.alarms[0].at)
	}
	if r.judges() {
		next = min(next, max(r.silent, r.heard+r.opts.Lease))
	}
	return max(next, r.now+1)
}
