package reconcile

// Woken returns how many components are looked at because a time has come.
func (r *Reconciler) Woken(now int64) int {
	r.now = now
	r.wake()
	return len(r.dirty)
}
