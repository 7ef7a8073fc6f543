package component

// Renew has what the instance may do be counted anew: its work and its calls of the host.
// It is for instances that answer call after call, before each; what it holds, memory
// and handles, stays and counts.
func (in *Instance) Renew() { in.fuelUsed, in.hostCalls = 0, 0 }
