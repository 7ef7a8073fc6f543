package reconcile

// Options are the times and bounds of a Reconciler, in milliseconds. Zero is the default.
type Options struct {
	// Lease is how long a host may be silent. The default is 3 s.
	Lease int64
	// Beat is how long the leader may not see its own beat and still trust its ears. The
	// default is 2.5 s, as the beat is each second.
	Beat int64
	// Deadline is how long a placement may take to be ready, if the component does not
	// say so. The default is a minute.
	Deadline int64
	// Leave is how long what leaves waits for what takes its place. The default is a
	// minute.
	Leave int64
	// Avoid is how long a host on which a component failed is not chosen for it again.
	// The default is five minutes.
	Avoid int64
	// Again is how often components that found no place are looked at without cause. The
	// default is 10 s.
	Again int64
	// Moves is how many components are moved at once without need. The default is 8.
	Moves int
}

func (o *Options) withDefaults() Options {
	var d Options
	if o != nil {
		d = *o
	}
	set := func(v *int64, def int64) {
		if *v == 0 {
			*v = def
		}
	}
	set(&d.Lease, 3000)
	set(&d.Beat, 2500)
	set(&d.Deadline, 60_000)
	set(&d.Leave, 60_000)
	set(&d.Avoid, 300_000)
	set(&d.Again, 10_000)
	if d.Moves == 0 {
		d.Moves = 8
	}
	return d
}
