package http

import (
	"github.com/wattle-dev/wattle/host/component"
)

// ResponseOutparam is the resource response-outparam.
type ResponseOutparam struct{ exchange *Exchange }

// ResponseOutparamSet implements [static]response-outparam.set.
func (*State) ResponseOutparamSet(_ *component.Call, p *ResponseOutparam, r component.Result[*OutgoingResponse, ErrorCode]) error {
	if r.Failed {
		p.exchange.fail(&ResponseError{Code: r.Err})
	} else {
		p.exchange.respond(r.OK)
	}
	return nil
}
