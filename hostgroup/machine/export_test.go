package machine

import "io/fs"

// NewMeterIn returns a meter that reads the files of a system.
func NewMeterIn(root fs.FS) *Meter { return &Meter{read: reader(root)} }

// CountList is countList.
var CountList = countList
