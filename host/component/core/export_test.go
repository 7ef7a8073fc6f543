package core

// MaxFunctionWork is the most work that compiling a function may be.
const MaxFunctionWork = maxFunctionWork

// MaxModuleWork is that of a module of n bytes.
func MaxModuleWork(n int) uint64 { return maxModuleWork(n) }

// CompileWork returns the estimates for the costliest function of a module and
// for all.
func CompileWork(module []byte) (most, all uint64, err error) {
	o := (*Options)(nil).withDefaults()
	c := newCodec(module, &o, true)
	_, err = c.run()
	return c.mostWork, c.work, err
}
