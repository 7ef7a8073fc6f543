package sockets

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"

	wasiio "github.com/wattle-dev/wattle/host/wasi/io"
)

// TestErrorCodes gives the codes of errors that no test can have a system return.
func TestErrorCodes(t *testing.T) {
	for want, errs := range map[ErrorCode][]error{
		ErrorCodeUnknown:            {errors.New("a surprise"), syscall.EXDEV},
		ErrorCodeAccessDenied:       {syscall.EACCES, syscall.EPERM},
		ErrorCodeNotSupported:       {syscall.EOPNOTSUPP, syscall.EAFNOSUPPORT},
		ErrorCodeInvalidArgument:    {syscall.EINVAL},
		ErrorCodeOutOfMemory:        {syscall.ENOMEM, syscall.ENOBUFS},
		ErrorCodeTimeout:            {syscall.ETIMEDOUT, os.ErrDeadlineExceeded},
		ErrorCodeNewSocketLimit:     {syscall.EMFILE, syscall.ENFILE},
		ErrorCodeAddressNotBindable: {syscall.EADDRNOTAVAIL},
		ErrorCodeAddressInUse:       {syscall.EADDRINUSE},
		ErrorCodeRemoteUnreachable:  {syscall.EHOSTUNREACH, syscall.EHOSTDOWN, syscall.ENETUNREACH, syscall.ENETDOWN},
		ErrorCodeConnectionRefused:  {syscall.ECONNREFUSED},
		ErrorCodeConnectionReset:    {syscall.ECONNRESET},
		ErrorCodeConnectionAborted:  {syscall.ECONNABORTED},
		ErrorCodeDatagramTooLarge:   {syscall.EMSGSIZE},
	} {
		for _, err := range errs {
			wrapped := &net.OpError{Op: "connect", Net: "tcp4", Err: os.NewSyscallError("connect", err)}
			if got := errorCode(wrapped); got != want {
				t.Errorf("errorCode(%v) = %v, want %v", wrapped, got, want)
			}
		}
	}
}

func TestNetworkErrorCode(t *testing.T) {
	s := NewState(Options{})
	got, err := s.NetworkErrorCode(nil, &wasiio.Error{Err: fmt.Errorf("read: %w", ErrorCodeConnectionReset)})
	if err != nil || !got.Some || got.Value != ErrorCodeConnectionReset {
		t.Errorf("the code of a connection = %v, %v", got, err)
	}
	if got, err := s.NetworkErrorCode(nil, &wasiio.Error{Err: os.ErrClosed}); err != nil || got.Some {
		t.Errorf("the code of a file = %v, %v, want none", got, err)
	}
}
