package http

import (
	"context"
	"maps"
	nethttp "net/http"
	"time"

	"github.com/wattle-dev/wattle/host/component"
)

// SendInformational implements [method]response-outparam.send-informational.
func (p *ResponseOutparam) SendInformational(c *component.Call, status uint16, header *Fields) error {
	h := header.header()
	size := header.size()
	header.leave()
	header.release()
	return p.exchange.inform(c.Context(), status, h, size)
}

// inform sends an informational response. Nobody else uses w, as there is no
// final response yet. A client that does not take it is waited for until ctx
// ends.
func (e *Exchange) inform(ctx context.Context, status uint16, h nethttp.Header, size int) error {
	switch {
	case e.finished:
		return &ErrorCode{Tag: ErrorCodeConnectionTerminated}
	case status < 100 || status > 199:
		return &ErrorCode{Tag: ErrorCodeHTTPProtocolError}
	case status == nethttp.StatusSwitchingProtocols:
		return internalError("protocols cannot be switched")
	case !e.in.req.ProtoAtLeast(1, 1):
		return internalError("the client's version of HTTP has no informational responses")
	case size > e.state.opts.MaxHeader:
		n := component.Some(uint32(size)) // MaxFields bounds it
		return &ErrorCode{Tag: ErrorCodeHTTPResponseHeaderSectionSize, HTTPResponseHeaderSectionSize: n}
	}
	stop := context.AfterFunc(ctx, func() {
		_ = e.ctl.SetWriteDeadline(time.Unix(1, 0)) // ends a Write that waits
	})
	defer stop()
	final := e.w.Header().Clone()
	maps.Copy(e.w.Header(), h)
	e.w.WriteHeader(int(status))
	clear(e.w.Header()) // or the final response would have h too
	maps.Copy(e.w.Header(), final)
	return nil
}
