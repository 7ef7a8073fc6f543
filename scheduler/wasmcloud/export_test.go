package wasmcloud

import "github.com/wattle-dev/wattle/lattice"

// DecodeAny has every decoder of this package read something.
func DecodeAny(data []byte) (commands []interface{ Check() error }) {
	host := lattice.HostID("NAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	add := func(c interface{ Check() error }, err error) {
		if err == nil {
			commands = append(commands, c)
		}
	}
	_, scale, err := decodeScale(data, host)
	add(scale, err)
	_, update, err := decodeUpdate(data, host)
	add(update, err)
	link, err := decodeLink(data)
	add(link, err)
	unlink, err := decodeUnlink(data)
	add(unlink, err)
	config, err := decodeConfig("name", data)
	add(config, err)
	_, _ = decodeAuction(data)
	_, _ = decodeLabel(data)
	_, _ = decodeStopHost(data, host)
	return commands
}
