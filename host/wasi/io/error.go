package io

import (
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/wattle-dev/wattle/host/component"
)

// ErrClosed is what sources and sinks return for a stream whose other end was
// closed in good order. The guest sees the stream-error closed. For sources
// io.EOF means the same, for sinks io.ErrClosedPipe.
var ErrClosed = errors.New("stream is closed")

// Error is the resource wasi:io/error.error: a fault of the world outside the
// guest. Other packages look into Err to offer the guest more than text.
type Error struct{ Err error }

// maxDebugString bounds the text of an error that a guest is given: it may
// quote what a peer sent.
const maxDebugString = 1 << 10

// ToDebugString implements error.to-debug-string.
func (e *Error) ToDebugString(*component.Call) (string, error) {
	s := strings.ToValidUTF8(e.Err.Error(), "\uFFFD")
	if len(s) <= maxDebugString {
		return s, nil
	}
	end := maxDebugString
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end], nil
}

// streamError makes the stream-error of what a source or sink returned.
func streamError(err error) error {
	if errors.Is(err, ErrClosed) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) {
		return &StreamError{Tag: StreamErrorClosed}
	}
	return &StreamError{Tag: StreamErrorLastOperationFailed, LastOperationFailed: &Error{Err: err}}
}
