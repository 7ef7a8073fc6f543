package filesystem

import (
	"errors"
	"io"
	"math"

	"github.com/wattle-dev/wattle/host/component"
	wasiio "github.com/wattle-dev/wattle/host/wasi/io"
	provider "github.com/wattle-dev/wattle/providers/filesystem"
)

// MaxRead is how many bytes one descriptor.read returns at most.
const MaxRead = 256 << 10

// Read implements descriptor.read.
func (d *Descriptor) Read(c *component.Call, length, off Filesize) (component.Tuple2[[]byte, bool], error) {
	var result component.Tuple2[[]byte, bool]
	f, err := d.needFile(c, DescriptorFlagsRead)
	if err != nil {
		return result, err
	}
	pos, err := offset(off)
	if err != nil {
		return result, err
	}
	stat, err := f.Stat()
	if err != nil {
		return result, errorCode(err)
	}
	// No larger than what there is, but enough to meet the end.
	rest := uint64(0)
	if stat.Size > off {
		rest = stat.Size - off
	}
	buf := make([]byte, min(length, rest+1, MaxRead))
	n, err := f.ReadAt(buf, pos)
	result.V0, result.V1 = buf[:n], errors.Is(err, io.EOF)
	if err != nil && !result.V1 {
		return result, errorCode(err)
	}
	return result, nil
}

// Write implements descriptor.write.
func (d *Descriptor) Write(c *component.Call, buf []byte, off Filesize) (Filesize, error) {
	f, err := d.needFile(c, DescriptorFlagsWrite)
	if err != nil {
		return 0, err
	}
	pos, err := offset(off)
	if err != nil {
		return 0, err
	}
	n, err := f.WriteAt(buf, pos)
	if n > 0 {
		return uint64(n), nil // the next write will meet the error again
	}
	return 0, errorCode(err)
}

// SetSize implements descriptor.set-size.
func (d *Descriptor) SetSize(c *component.Call, size Filesize) error {
	f, err := d.needFile(c, DescriptorFlagsWrite)
	if err != nil {
		return err
	}
	n, err := offset(size)
	if err != nil {
		return err
	}
	return errorCode(f.Truncate(n))
}

// ReadViaStream implements descriptor.read-via-stream.
func (d *Descriptor) ReadViaStream(c *component.Call, off Filesize) (*wasiio.InputStream, error) {
	f, err := d.needFile(c, DescriptorFlagsRead)
	if err != nil {
		return nil, err
	}
	pos, err := offset(off)
	if err != nil {
		return nil, err
	}
	return wasiio.NewInputStream(&fileSource{Event: wasiio.Always, f: f.use(), off: pos}), nil
}

// WriteViaStream implements descriptor.write-via-stream.
func (d *Descriptor) WriteViaStream(c *component.Call, off Filesize) (*wasiio.OutputStream, error) {
	f, err := d.needFile(c, DescriptorFlagsWrite)
	if err != nil {
		return nil, err
	}
	pos, err := offset(off)
	if err != nil {
		return nil, err
	}
	return wasiio.NewOutputStream(&fileSink{Event: wasiio.Always, f: f.use(), off: pos}), nil
}

// AppendViaStream implements descriptor.append-via-stream.
func (d *Descriptor) AppendViaStream(c *component.Call) (*wasiio.OutputStream, error) {
	f, err := d.needFile(c, DescriptorFlagsWrite)
	if err != nil {
		return nil, err
	}
	return wasiio.NewOutputStream(&fileSink{Event: wasiio.Always, f: f.use(), off: -1}), nil
}

// fileSource reads a file from an offset on.
type fileSource struct {
	wasiio.Event
	f   *sharedFile
	off int64
}

// Read implements io.Source.
func (s *fileSource) Read(p []byte) (int, error) {
	if s.off > math.MaxInt64-int64(len(p)) {
		return 0, io.EOF
	}
	n, err := s.f.ReadAt(p, s.off)
	s.off += int64(n)
	switch {
	case err == nil || n > 0: // if there is an end or an error, the next read meets it
		return n, nil
	case errors.Is(err, io.EOF):
		return 0, io.EOF
	}
	return 0, errorCode(err)
}

// Close implements io.Source.
func (s *fileSource) Close() error { return s.f.release() }

// fileSink writes to a file from an offset on, or at its end.
type fileSink struct {
	wasiio.Event
	f   *sharedFile
	off int64 // or -1 to append
}

// sinkPermit is how many bytes a stream of a file takes at once.
const sinkPermit = 1 << 20

// Check implements io.Sink.
func (*fileSink) Check() (int, error) { return sinkPermit, nil }

// Write implements io.Sink.
func (s *fileSink) Write(p []byte) error {
	if s.off < 0 {
		return errorCode(s.f.Append(p))
	}
	if s.off > math.MaxInt64-int64(len(p)) {
		return errorCode(provider.Fail(provider.FileTooLarge))
	}
	n, err := s.f.WriteAt(p, s.off)
	s.off += int64(n)
	return errorCode(err)
}

// Flush implements io.Sink. The file has been given everything.
func (*fileSink) Flush() error { return nil }

// Flushed implements io.Sink.
func (*fileSink) Flushed() bool { return true }

// Close implements io.Sink.
func (s *fileSink) Close() error { return s.f.release() }
