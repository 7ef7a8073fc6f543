package http

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/wattle-dev/wattle/host/component"
	wasiio "github.com/wattle-dev/wattle/host/wasi/io"
	"github.com/wattle-dev/wattle/providers/httpclient"
)

// HTTPErrorCode implements http-error-code.
func (*State) HTTPErrorCode(_ *component.Call, e *wasiio.Error) (component.Option[ErrorCode], error) {
	var code *ErrorCode
	if !errors.As(e.Err, &code) {
		return component.Option[ErrorCode]{}, nil
	}
	return component.Some(*code), nil
}

// text is a part of an error that the guest is told. It may quote a peer.
func text(s string) component.Option[string] {
	const most = 512
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) > most {
		for s = s[:most]; !utf8.ValidString(s); {
			s = s[:len(s)-1]
		}
	}
	return component.Some(s)
}

func internalError(s string) *ErrorCode {
	return &ErrorCode{Tag: ErrorCodeInternalError, InternalError: text(s)}
}

// errorCode returns the code of an error of the client, of the network or of
// this package.
func errorCode(err error) *ErrorCode {
	for _, f := range []func(error) *ErrorCode{clientCode, nameCode, tlsCode, networkCode} {
		if code := f(err); code != nil {
			return code
		}
	}
	if _, ok := errors.AsType[*httpclient.ProtocolError](err); ok {
		return &ErrorCode{Tag: ErrorCodeHTTPProtocolError}
	}
	return internalError(err.Error())
}

// clientCode returns the code of an error that the client made, or of one that
// has a code already.
func clientCode(err error) *ErrorCode {
	var (
		code    *ErrorCode
		denied  *httpclient.DeniedError
		address *httpclient.AddressError
		loop    *httpclient.LoopError
		timeout *httpclient.TimeoutError
		limit   *httpclient.LimitError
		request *httpclient.RequestError
		upgrade *httpclient.UpgradeError
	)
	switch {
	case errors.As(err, &code):
		return code
	case errors.As(err, &denied):
		return &ErrorCode{Tag: ErrorCodeHTTPRequestDenied}
	case errors.As(err, &address):
		return &ErrorCode{Tag: ErrorCodeDestinationIPProhibited}
	case errors.As(err, &loop):
		return &ErrorCode{Tag: ErrorCodeLoopDetected}
	case errors.As(err, &timeout):
		if timeout.Phase == httpclient.PhaseConnect {
			return &ErrorCode{Tag: ErrorCodeConnectionTimeout}
		}
		return &ErrorCode{Tag: ErrorCodeConnectionReadTimeout}
	case errors.As(err, &limit):
		return limitCode(limit)
	case errors.As(err, &request):
		switch request.Field {
		case httpclient.FieldMethod:
			return &ErrorCode{Tag: ErrorCodeHTTPRequestMethodInvalid}
		case httpclient.FieldURLLength:
			return &ErrorCode{Tag: ErrorCodeHTTPRequestURITooLong}
		}
		return &ErrorCode{Tag: ErrorCodeHTTPRequestURIInvalid}
	case errors.As(err, &upgrade):
		return &ErrorCode{Tag: ErrorCodeHTTPUpgradeFailed}
	}
	return nil
}

func limitCode(e *httpclient.LimitError) *ErrorCode {
	switch e.What {
	case httpclient.LimitRequests:
		return &ErrorCode{Tag: ErrorCodeConnectionLimitReached}
	case httpclient.LimitRequestBody:
		return &ErrorCode{Tag: ErrorCodeHTTPRequestBodySize, HTTPRequestBodySize: component.Some(uint64(e.Max))} //nolint:gosec // a limit is not negative
	case httpclient.LimitHeader:
		return &ErrorCode{Tag: ErrorCodeHTTPResponseHeaderSectionSize}
	case httpclient.LimitTrailer:
		return &ErrorCode{Tag: ErrorCodeHTTPResponseTrailerSectionSize}
	}
	return &ErrorCode{Tag: ErrorCodeHTTPResponseBodySize}
}

func nameCode(err error) *ErrorCode {
	var dns *net.DNSError
	switch {
	case !errors.As(err, &dns):
		return nil
	case dns.IsTimeout:
		return &ErrorCode{Tag: ErrorCodeDNSTimeout}
	}
	return &ErrorCode{Tag: ErrorCodeDNSError}
}

func tlsCode(err error) *ErrorCode {
	var (
		verification *tls.CertificateVerificationError
		authority    x509.UnknownAuthorityError
		hostname     x509.HostnameError
		invalid      x509.CertificateInvalidError
		record       tls.RecordHeaderError
		op           *net.OpError
	)
	switch {
	case errors.As(err, &verification), errors.As(err, &authority), errors.As(err, &hostname), errors.As(err, &invalid):
		return &ErrorCode{Tag: ErrorCodeTLSCertificateError}
	case errors.As(err, &record):
		return &ErrorCode{Tag: ErrorCodeTLSProtocolError}
	case errors.As(err, &op) && op.Op == "remote error": // an alert of the peer
		return &ErrorCode{Tag: ErrorCodeTLSAlertReceived, TLSAlertReceived: TLSAlertReceivedPayload{AlertMessage: text(op.Err.Error())}}
	case errors.As(err, &op) && op.Op == "local error": // an alert that was sent
		return &ErrorCode{Tag: ErrorCodeTLSProtocolError}
	}
	return nil
}

func networkCode(err error) *ErrorCode {
	var (
		op      *net.OpError
		timeout net.Error
	)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return &ErrorCode{Tag: ErrorCodeConnectionRefused}
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.EADDRNOTAVAIL):
		return &ErrorCode{Tag: ErrorCodeDestinationIPUnroutable}
	case errors.As(err, &op) && op.Timeout():
		switch op.Op {
		case "dial":
			return &ErrorCode{Tag: ErrorCodeConnectionTimeout}
		case "write":
			return &ErrorCode{Tag: ErrorCodeConnectionWriteTimeout}
		}
		return &ErrorCode{Tag: ErrorCodeConnectionReadTimeout}
	case errors.Is(err, context.DeadlineExceeded):
		return &ErrorCode{Tag: ErrorCodeHTTPResponseTimeout}
	case errors.As(err, &timeout) && timeout.Timeout():
		return &ErrorCode{Tag: ErrorCodeConnectionTimeout} // of the TLS handshake
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, net.ErrClosed),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &ErrorCode{Tag: ErrorCodeConnectionTerminated}
	case errors.Is(err, context.Canceled), errors.Is(err, errClosed), strings.HasSuffix(err.Error(), closedIdle):
		return &ErrorCode{Tag: ErrorCodeConnectionTerminated}
	}
	return nil
}

// closedIdle is what net/http says when a server closes a new connection before it
// has been sent anything. The error has no other mark.
const closedIdle = "server closed idle connection"

// responseBodyCode returns the code of an error of a response's body.
func responseBodyCode(err error) *ErrorCode {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return &ErrorCode{Tag: ErrorCodeHTTPResponseIncomplete}
	}
	return errorCode(err)
}
