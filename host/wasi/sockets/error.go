package sockets

import (
	"errors"
	"net"
	"os"
	"syscall"

	"github.com/wattle-dev/wattle/host/component"
	wasiio "github.com/wattle-dev/wattle/host/wasi/io"
)

var codes = map[syscall.Errno]ErrorCode{
	syscall.EACCES:        ErrorCodeAccessDenied,
	syscall.EADDRINUSE:    ErrorCodeAddressInUse,
	syscall.EADDRNOTAVAIL: ErrorCodeAddressNotBindable,
	syscall.EAFNOSUPPORT:  ErrorCodeNotSupported,
	syscall.ECONNABORTED:  ErrorCodeConnectionAborted,
	syscall.ECONNREFUSED:  ErrorCodeConnectionRefused,
	syscall.ECONNRESET:    ErrorCodeConnectionReset,
	syscall.EHOSTDOWN:     ErrorCodeRemoteUnreachable,
	syscall.EHOSTUNREACH:  ErrorCodeRemoteUnreachable,
	syscall.EINVAL:        ErrorCodeInvalidArgument,
	syscall.EMFILE:        ErrorCodeNewSocketLimit,
	syscall.EMSGSIZE:      ErrorCodeDatagramTooLarge,
	syscall.ENETDOWN:      ErrorCodeRemoteUnreachable,
	syscall.ENETUNREACH:   ErrorCodeRemoteUnreachable,
	syscall.ENFILE:        ErrorCodeNewSocketLimit,
	syscall.ENOBUFS:       ErrorCodeOutOfMemory,
	syscall.ENOMEM:        ErrorCodeOutOfMemory,
	syscall.EOPNOTSUPP:    ErrorCodeNotSupported,
	syscall.EPERM:         ErrorCodeAccessDenied,
	syscall.EPIPE:         ErrorCodeConnectionReset,
	syscall.ETIMEDOUT:     ErrorCodeTimeout,
}

// errorCode returns the error-code of an error of the net package.
func errorCode(err error) ErrorCode {
	if code, ok := errors.AsType[ErrorCode](err); ok {
		return code
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		if code, ok := codes[errno]; ok {
			return code
		}
	}
	var timeout net.Error
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() {
		return ErrorCodeTimeout
	}
	return ErrorCodeUnknown
}

// NetworkErrorCode implements network.network-error-code.
func (*State) NetworkErrorCode(_ *component.Call, e *wasiio.Error) (component.Option[ErrorCode], error) {
	code, ok := errors.AsType[ErrorCode](e.Err)
	return component.Option[ErrorCode]{Some: ok, Value: code}, nil
}
