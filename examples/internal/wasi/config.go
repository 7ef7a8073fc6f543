//go:build wasip1

package wasi

import "errors"

//go:wasmimport wasi:config/store@0.2.0-rc.1 get
func configGet(key string, ret *retArea)

// Config returns the value that the component is configured with under a key, and
// whether there is one.
func Config(key string) (value string, ok bool, err error) {
	lowering.Lock()
	defer lowering.Unlock()
	receive()
	defer received()
	var ret retArea
	configGet(key, &ret)
	// result<option<string>, error>: tag at 0, payload at 4. The cases of the error
	// are two, both with a string.
	if ret.u8(0) != 0 {
		return "", false, errors.New("config " + key + ": " + scratchString(ret.u32(8), ret.u32(12)))
	}
	value, ok = optionString(&ret, 4)
	return value, ok, nil
}
