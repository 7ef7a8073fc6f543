//go:build wasip1

package wasi

// ErrorCode is wasi:http/types.error-code.
type ErrorCode struct {
	// Case is the index of the case in WIT order.
	Case uint8
	// Detail is the text the case carries, if any.
	Detail string
}

// The cases that the examples tell apart or produce.
const (
	DNSTimeout              = 0
	DestinationIPProhibited = 4
	ConnectionTimeout       = 8
	HTTPRequestDenied       = 15
	HTTPResponseTimeout     = 33
	InternalError           = 38
)

// errorCodeNames are the case names in WIT order.
var errorCodeNames = [...]string{
	"DNS-timeout", "DNS-error", "destination-not-found", "destination-unavailable",
	"destination-IP-prohibited", "destination-IP-unroutable", "connection-refused",
	"connection-terminated", "connection-timeout", "connection-read-timeout",
	"connection-write-timeout", "connection-limit-reached", "TLS-protocol-error",
	"TLS-certificate-error", "TLS-alert-received", "HTTP-request-denied",
	"HTTP-request-length-required", "HTTP-request-body-size", "HTTP-request-method-invalid",
	"HTTP-request-URI-invalid", "HTTP-request-URI-too-long", "HTTP-request-header-section-size",
	"HTTP-request-header-size", "HTTP-request-trailer-section-size", "HTTP-request-trailer-size",
	"HTTP-response-incomplete", "HTTP-response-header-section-size", "HTTP-response-header-size",
	"HTTP-response-body-size", "HTTP-response-trailer-section-size", "HTTP-response-trailer-size",
	"HTTP-response-transfer-coding", "HTTP-response-content-coding", "HTTP-response-timeout",
	"HTTP-upgrade-failed", "HTTP-protocol-error", "loop-detected", "configuration-error",
	"internal-error",
}

func (e *ErrorCode) Error() string {
	name := "unknown error-code"
	if int(e.Case) < len(errorCodeNames) {
		name = errorCodeNames[e.Case]
	}
	if e.Detail == "" {
		return name
	}
	return name + ": " + e.Detail
}

// errorCode lifts the error-code variant at off in ret. The payload follows at
// off+8, because one case carries an option<u64>. The caller holds lowering.
func errorCode(ret *retArea, off uint32) *ErrorCode {
	e := &ErrorCode{Case: ret.u8(off)}
	payload := off + 8
	switch e.Case {
	case 1, 22, 24, 27, 30, 31, 32, InternalError:
		// The payload starts with an option<string>, except in case 22, where
		// it is an option of a record that does.
		if e.Case == 22 {
			if ret.u8(payload) == 0 {
				return e
			}
			payload += 4
		}
		e.Detail, _ = optionString(ret, payload)
	case 14:
		// TLS-alert-received: an option<u8>, then an option<string>.
		e.Detail, _ = optionString(ret, payload+4)
	}
	return e
}
