package httpserver

import (
	"errors"
	"net/http"

	"github.com/wattle-dev/wattle/internal/webserver"
	"github.com/wattle-dev/wattle/lattice"
)

// failure is an answer in the place of a component's.
type failure struct {
	status int
	text   string
	// again says that the same request may be sent again, a second later.
	again bool
}

// failureOf returns what a client is told of an invocation that failed.
func failureOf(err error) failure {
	if errors.Is(err, errTimeout) {
		return failure{status: http.StatusGatewayTimeout, text: "the component took too long"}
	}
	switch lattice.CodeOf(err) {
	case lattice.CodeNotFound:
		return failure{status: http.StatusNotFound, text: "the component is not there"}
	case lattice.CodeDenied:
		return failure{status: http.StatusForbidden, text: "the component may not be called from here"}
	case lattice.CodeDeadline:
		return failure{status: http.StatusGatewayTimeout, text: "the component took too long"}
	case lattice.CodeExhausted:
		return failure{status: http.StatusServiceUnavailable, text: "the component is busy: try again", again: true}
	case lattice.CodeUnavailable:
		if lattice.Undelivered(err) {
			return failure{status: http.StatusServiceUnavailable, text: "the component cannot be reached now: try again", again: true}
		}
		return failure{status: http.StatusBadGateway, text: "the host of the component was lost: the request may have had effects"}
	}
	return failure{status: http.StatusBadGateway, text: "the component failed"}
}

func (f failure) answer(w http.ResponseWriter, r *http.Request) {
	webserver.BoundUnread(w, r)
	if f.again {
		w.Header().Set("Retry-After", "1")
	}
	http.Error(w, f.text, f.status)
}
