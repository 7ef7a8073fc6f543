//go:build wasip1

package wasi

import (
	"errors"
	"io"
	"unsafe"
)

// InputStream is an own handle of wasi:io/streams.input-stream.
type InputStream uint32

// OutputStream is an own handle of wasi:io/streams.output-stream.
type OutputStream uint32

// StreamError is a stream's last-operation-failed error.
type StreamError string

func (e StreamError) Error() string { return string(e) }

// ErrCanceled is the error of an operation whose caller gave up waiting.
var ErrCanceled = errors.New("wasi: canceled")

//go:wasmimport wasi:io/streams@0.2.12 [method]input-stream.read
func inputStreamRead(self InputStream, n uint64, ret *retArea)

//go:wasmimport wasi:io/streams@0.2.12 [method]input-stream.subscribe
func inputStreamSubscribe(self InputStream) pollable

//go:wasmimport wasi:io/streams@0.2.12 [resource-drop]input-stream
func inputStreamDrop(self InputStream)

//go:wasmimport wasi:io/streams@0.2.12 [method]output-stream.check-write
func outputStreamCheckWrite(self OutputStream, ret *retArea)

//go:wasmimport wasi:io/streams@0.2.12 [method]output-stream.write
func outputStreamWrite(self OutputStream, data *byte, n uint32, ret *retArea)

//go:wasmimport wasi:io/streams@0.2.12 [method]output-stream.flush
func outputStreamFlush(self OutputStream, ret *retArea)

//go:wasmimport wasi:io/streams@0.2.12 [method]output-stream.subscribe
func outputStreamSubscribe(self OutputStream) pollable

//go:wasmimport wasi:io/streams@0.2.12 [resource-drop]output-stream
func outputStreamDrop(self OutputStream)

//go:wasmimport wasi:io/error@0.2.12 [method]error.to-debug-string
func errorToDebugString(self uint32, ret *retArea)

//go:wasmimport wasi:io/error@0.2.12 [resource-drop]error
func errorDrop(self uint32)

// streamError lifts the stream-error variant at off in ret. A closed stream is
// closed.
func streamError(ret *retArea, off uint32, closed error) error {
	if ret.u8(off) == 1 {
		return closed
	}
	handle := ret.u32(off + 4)
	lowering.Lock()
	defer lowering.Unlock()
	receive()
	defer received()
	var text retArea
	errorToDebugString(handle, &text)
	errorDrop(handle)
	return StreamError(scratchString(text.u32(0), text.u32(4)))
}

// TryRead reads what is there now. It returns 0 and no error if that is
// nothing, and io.EOF at the end of the stream.
func (s InputStream) TryRead(buf []byte) (int, error) {
	if len(buf) == 0 {
		return 0, nil
	}
	var ret retArea
	lowering.Lock()
	receiveInto(buf)
	inputStreamRead(s, uint64(len(buf)), &ret)
	received()
	lowering.Unlock()
	// result<list<u8>, stream-error>: tag at 0, payload at 4.
	if ret.u8(0) != 0 {
		return 0, streamError(&ret, 4, io.EOF)
	}
	// The host has allocated once, with alignment 1, so the list starts where
	// buf does.
	return int(ret.u32(8)), nil
}

// Read is as an io.Reader's. It waits until there is something to read, or
// returns [ErrCanceled] once cancel is closed; a nil channel never is.
func (s InputStream) Read(buf []byte, cancel <-chan struct{}) (int, error) {
	for {
		n, err := s.TryRead(buf)
		if n > 0 || err != nil || len(buf) == 0 {
			return n, err
		}
		if !Wait(inputStreamSubscribe(s), cancel) {
			return 0, ErrCanceled
		}
	}
}

// Drop gives the handle back.
func (s InputStream) Drop() { inputStreamDrop(s) }

// Write is as an io.Writer's. It never has more in flight than the host allows
// and returns once the host has taken all of buf, or with [ErrCanceled] once
// cancel is closed; a nil channel never is.
func (s OutputStream) Write(buf []byte, cancel <-chan struct{}) (int, error) {
	written := 0
	for written < len(buf) {
		permitted, err := s.permit(cancel)
		if err != nil {
			return written, err
		}
		piece := buf[written:]
		piece = piece[:min(uint64(len(piece)), permitted)]
		var ret retArea
		outputStreamWrite(s, unsafe.SliceData(piece), uint32(len(piece)), &ret)
		// result<_, stream-error>: tag at 0, payload at 4.
		if ret.u8(0) != 0 {
			return written, streamError(&ret, 4, io.ErrClosedPipe)
		}
		written += len(piece)
	}
	return written, nil
}

// permit waits until the host accepts bytes and returns how many.
func (s OutputStream) permit(cancel <-chan struct{}) (uint64, error) {
	for {
		var ret retArea
		outputStreamCheckWrite(s, &ret)
		// result<u64, stream-error>: tag at 0, payload at 8.
		if ret.u8(0) != 0 {
			return 0, streamError(&ret, 8, io.ErrClosedPipe)
		}
		if n := ret.u64(8); n > 0 {
			return n, nil
		}
		if !Wait(outputStreamSubscribe(s), cancel) {
			return 0, ErrCanceled
		}
	}
}

// Err returns why nothing can be written any more, or nil.
func (s OutputStream) Err() error {
	var ret retArea
	outputStreamCheckWrite(s, &ret)
	if ret.u8(0) != 0 {
		return streamError(&ret, 8, io.ErrClosedPipe)
	}
	return nil
}

// Flush returns once everything written has left the host's buffers.
func (s OutputStream) Flush(cancel <-chan struct{}) error {
	var ret retArea
	outputStreamFlush(s, &ret)
	if ret.u8(0) != 0 {
		return streamError(&ret, 4, io.ErrClosedPipe)
	}
	// A flush in progress makes check-write return 0.
	_, err := s.permit(cancel)
	return err
}

// Drop gives the handle back.
func (s OutputStream) Drop() { outputStreamDrop(s) }
