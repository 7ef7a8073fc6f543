package wire

import "github.com/wattle-dev/wattle/lattice"

// EncodeConfig returns the document of a configuration.
func EncodeConfig(c lattice.Config) ([]byte, error) {
	if c == nil {
		c = lattice.Config{} // and not null
	}
	return encode("config", c, MaxDocument, func(data []byte) error {
		_, err := DecodeConfig(data)
		return err
	})
}

// DecodeConfig reads a configuration. It may be empty, and is not nil.
func DecodeConfig(data []byte) (lattice.Config, error) {
	c := lattice.Config{}
	err := read("config", data, MaxDocument, func(r *reader) {
		if values := r.config(); values != nil {
			c = values
		}
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}
