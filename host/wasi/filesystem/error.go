package filesystem

import (
	"errors"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi/io"
	provider "github.com/wattle-dev/wattle/providers/filesystem"
)

var codes = [...]ErrorCode{
	provider.IO:            ErrorCodeIO,
	provider.Access:        ErrorCodeAccess,
	provider.BadDescriptor: ErrorCodeBadDescriptor,
	provider.Busy:          ErrorCodeBusy,
	provider.CrossDevice:   ErrorCodeCrossDevice,
	provider.Exist:         ErrorCodeExist,
	provider.FileTooLarge:  ErrorCodeFileTooLarge,
	provider.Interrupted:   ErrorCodeInterrupted,
	provider.Invalid:       ErrorCodeInvalid,
	provider.IsDirectory:   ErrorCodeIsDirectory,
	provider.Loop:          ErrorCodeLoop,
	provider.NameTooLong:   ErrorCodeNameTooLong,
	provider.NoEntry:       ErrorCodeNoEntry,
	provider.NoMemory:      ErrorCodeInsufficientMemory,
	provider.NoSpace:       ErrorCodeInsufficientSpace,
	provider.NotDirectory:  ErrorCodeNotDirectory,
	provider.NotEmpty:      ErrorCodeNotEmpty,
	provider.NotPermitted:  ErrorCodeNotPermitted,
	provider.Overflow:      ErrorCodeOverflow,
	provider.Quota:         ErrorCodeQuota,
	provider.ReadOnly:      ErrorCodeReadOnly,
	provider.TextFileBusy:  ErrorCodeTextFileBusy,
	provider.TooManyLinks:  ErrorCodeTooManyLinks,
	provider.Unsupported:   ErrorCodeUnsupported,
}

// errorCode returns the error-code of an error of the provider, or nil for none.
func errorCode(err error) error {
	if err == nil {
		return nil
	}
	if c := provider.CodeOf(err); int(c) < len(codes) {
		return codes[c]
	}
	return ErrorCodeIO
}

// FilesystemErrorCode implements filesystem-error-code. Streams of this package
// fail with an ErrorCode.
func (*State) FilesystemErrorCode(_ *component.Call, err *io.Error) (component.Option[ErrorCode], error) {
	if code, ok := errors.AsType[ErrorCode](err.Err); ok {
		return component.Some(code), nil
	}
	return component.Option[ErrorCode]{}, nil
}
