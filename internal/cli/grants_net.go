package cli

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/wattle-dev/wattle/host/wasi/sockets"
)

// netFlags open sockets.
type netFlags struct {
	tcpConnect, tcpListen, udpSend, udpReceive []string
}

func (n *netFlags) add(fs *pflag.FlagSet) {
	fs.StringArrayVar(&n.tcpConnect, "tcp-connect", nil, "let the guest's TCP sockets connect to `HOST:PORT`: an address, a prefix or a name, and a port, a range or *; repeatable")
	fs.StringArrayVar(&n.tcpListen, "tcp-listen", nil, "let the guest's TCP sockets listen at `ADDRESS:PORT`; port 0 is any that is free; repeatable")
	fs.StringArrayVar(&n.udpSend, "udp-send", nil, "let the guest's UDP sockets send to `HOST:PORT`, and receive what is sent from there; repeatable")
	fs.StringArrayVar(&n.udpReceive, "udp-receive", nil, "let the guest's UDP sockets receive from everybody at `ADDRESS:PORT`; repeatable")
}

// any says whether the flags open anything.
func (n *netFlags) any() bool {
	return len(n.tcpConnect)+len(n.tcpListen)+len(n.udpSend)+len(n.udpReceive) > 0
}

// options returns the endpoints that the flags name.
func (n *netFlags) options() (sockets.Options, error) {
	var o sockets.Options
	for _, f := range []struct {
		flag  string
		texts []string
		local bool
		to    *[]sockets.Endpoints
	}{
		{"tcp-connect", n.tcpConnect, false, &o.Connect},
		{"tcp-listen", n.tcpListen, true, &o.Listen},
		{"udp-send", n.udpSend, false, &o.Send},
		{"udp-receive", n.udpReceive, true, &o.Receive},
	} {
		for _, text := range f.texts {
			e, err := sockets.ParseEndpoints(text)
			if err == nil && f.local && e.Name != "" {
				err = fmt.Errorf("%q: a local endpoint has an address, not a name", text)
			}
			if err != nil {
				return sockets.Options{}, &usageError{fmt.Errorf("--%s: %w", f.flag, err)}
			}
			*f.to = append(*f.to, e)
		}
	}
	return o, nil
}
