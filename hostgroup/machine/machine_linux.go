package machine

import "os"

// Detect returns what this machine is.
func Detect() Machine { return DetectIn(os.DirFS("/")) }

// usageOf returns what reads how much of this machine is used.
func usageOf() func() usage { return reader(os.DirFS("/")) }
