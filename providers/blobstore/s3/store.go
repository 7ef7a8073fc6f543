package s3

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/wattle-dev/wattle/providers/blobstore"
)

// Store implements blobstore.Store without its bounds.
type Store struct {
	core           minio.Core
	transport      *http.Transport
	bucket, prefix string
	// part is the size of the parts of what is put.
	part int64
}

// Close implements blobstore.Store.
func (s *Store) Close() error {
	s.transport.CloseIdleConnections()
	return nil
}

// fault returns an error of the library as one of stores; missing is what it is that
// there is nothing of a key.
func fault(err error, missing blobstore.Kind) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*blobstore.Error](err); ok {
		return e
	}
	answer, answered := errors.AsType[minio.ErrorResponse](err)
	if !answered {
		return &blobstore.Error{Kind: blobstore.Unavailable, Err: err}
	}
	e := &blobstore.Error{Err: err}
	switch answer.Code {
	case "NoSuchKey", "NotFound":
		e.Kind = missing
	case "NoSuchBucket", "PermanentRedirect", "AuthorizationHeaderMalformed", "InvalidBucketName":
		e.Message = "the store is not set up"
	case "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "AllAccessDisabled", "AccountProblem":
		e.Kind = blobstore.Denied
	case "EntityTooLarge", "KeyTooLongError":
		e.Kind = blobstore.TooLarge
	case "QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded":
		e.Kind = blobstore.Full
	default:
		switch {
		case answer.StatusCode == http.StatusForbidden || answer.StatusCode == http.StatusUnauthorized:
			e.Kind = blobstore.Denied
		case answer.StatusCode == http.StatusNotFound:
			e.Kind = missing
		case answer.StatusCode >= 500 || answer.StatusCode == http.StatusTooManyRequests || answer.Code == "SlowDown":
			e.Kind = blobstore.Unavailable
		}
	}
	return e
}

// CreateContainer implements blobstore.Store.
func (s *Store) CreateContainer(ctx context.Context, name string) error {
	_, err := s.Container(ctx, name)
	if err == nil {
		return blobstore.ErrExists
	}
	if !errors.Is(err, blobstore.ErrNoContainer) {
		return err
	}
	_, err = s.core.Client.PutObject(ctx, s.bucket, s.folder(name), bytes.NewReader(nil), 0, minio.PutObjectOptions{})
	return fault(err, blobstore.Failed)
}

// Container implements blobstore.Store.
func (s *Store) Container(ctx context.Context, name string) (blobstore.ContainerInfo, error) {
	info, err := s.core.StatObject(ctx, s.bucket, s.folder(name), minio.StatObjectOptions{})
	err = fault(err, blobstore.NoContainer)
	if errors.Is(err, blobstore.ErrNoContainer) {
		// Others do not make markers.
		for o := range s.core.ListObjectsIter(ctx, s.bucket, minio.ListObjectsOptions{Prefix: s.folder(name), Recursive: true, MaxKeys: 1}) {
			info, err = o, fault(o.Err, blobstore.NoContainer)
			break
		}
	}
	if err != nil {
		return blobstore.ContainerInfo{}, err
	}
	return blobstore.ContainerInfo{Name: name, Created: info.LastModified}, nil
}

// DeleteContainer implements blobstore.Store.
func (s *Store) DeleteContainer(ctx context.Context, name string) error {
	return fault(s.core.RemoveObject(ctx, s.bucket, s.folder(name), minio.RemoveObjectOptions{}), blobstore.Failed)
}

// Put implements blobstore.Store.
func (s *Store) Put(ctx context.Context, id blobstore.ID, r io.Reader) error {
	key, err := s.key(id)
	if err != nil {
		return err
	}
	if _, err := s.Container(ctx, id.Container); err != nil {
		return err
	}
	// What is no longer than a part is sent at once.
	var head bytes.Buffer
	n, err := io.CopyN(&head, r, s.part+1)
	size := int64(-1)
	switch {
	case errors.Is(err, io.EOF):
		size = n
	case err != nil:
		return err
	}
	_, err = s.core.Client.PutObject(ctx, s.bucket, key, io.MultiReader(&head, r), size, minio.PutObjectOptions{
		PartSize: uint64(s.part), NumThreads: 1, ContentType: "application/octet-stream", //nolint:gosec // it is positive
	})
	return fault(err, blobstore.NoContainer)
}

// Info implements blobstore.Store.
func (s *Store) Info(ctx context.Context, id blobstore.ID) (blobstore.ObjectInfo, error) {
	key, err := s.key(id)
	if err != nil {
		return blobstore.ObjectInfo{}, err
	}
	info, err := s.core.StatObject(ctx, s.bucket, key, minio.StatObjectOptions{})
	if err != nil {
		return blobstore.ObjectInfo{}, fault(err, blobstore.NoObject)
	}
	return blobstore.ObjectInfo{Name: id.Object, Size: info.Size, Created: info.LastModified}, nil
}

// Open implements blobstore.Store.
func (s *Store) Open(ctx context.Context, id blobstore.ID, r blobstore.Range) (*blobstore.Reader, error) {
	key, err := s.key(id)
	if err != nil {
		return nil, err
	}
	var opts minio.GetObjectOptions
	whole := r.Offset <= 0 && r.Length < 0
	if !whole {
		// What is asked for must be there: a range beyond the end is an error of servers.
		info, err := s.Info(ctx, id)
		if err != nil {
			return nil, err
		}
		offset, length := r.Within(info.Size)
		if length == 0 {
			return &blobstore.Reader{ReadCloser: http.NoBody, Info: info}, nil
		}
		if err := opts.SetRange(offset, offset+length-1); err != nil {
			return nil, &blobstore.Error{Kind: blobstore.Invalid, Err: err}
		}
	}
	body, info, header, err := s.core.GetObject(ctx, s.bucket, key, opts)
	if err != nil {
		return nil, fault(err, blobstore.NoObject)
	}
	size := info.Size
	if _, total, ok := strings.Cut(header.Get("Content-Range"), "/"); ok && !whole {
		if size, err = strconv.ParseInt(total, 10, 64); err != nil {
			_ = body.Close() // it is not read
			return nil, &blobstore.Error{Err: err}
		}
	}
	return &blobstore.Reader{
		ReadCloser: &reader{ctx, body, info.Size},
		Info:       blobstore.ObjectInfo{Name: id.Object, Size: size, Created: info.LastModified},
		Length:     info.Size,
	}, nil
}

// reader returns errors of stores, and one if the body ends before its end.
type reader struct {
	ctx context.Context //nolint:containedctx // of Open; what has come already can be read after it has ended
	io.ReadCloser
	left int64
}

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.ReadCloser.Read(p)
	r.left -= int64(n)
	switch {
	case errors.Is(err, io.EOF) && r.left == 0:
		return n, io.EOF
	case errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF
	}
	return n, fault(err, blobstore.Unavailable)
}

// List implements blobstore.Store. The cursor is the name of the last object that was
// given.
func (s *Store) List(ctx context.Context, container string, q blobstore.Query) (blobstore.Page, error) {
	folder := s.folder(container)
	opts := minio.ListObjectsOptions{Prefix: folder + encodePrefix(q.Prefix), Recursive: true, MaxKeys: q.Limit + 1}
	if q.Cursor != "" {
		after, err := s.key(blobstore.ID{Container: container, Object: q.Cursor})
		if err != nil {
			return blobstore.Page{}, err
		}
		opts.StartAfter = after
	}
	var page blobstore.Page
	seen := 0
	for o := range s.core.ListObjectsIter(ctx, s.bucket, opts) {
		if o.Err != nil {
			return blobstore.Page{}, fault(o.Err, blobstore.Failed)
		}
		if seen++; seen > q.Limit && len(page.Objects) > 0 {
			page.Cursor = page.Objects[len(page.Objects)-1].Name
			break
		}
		name, ok := decode(strings.TrimPrefix(o.Key, folder))
		if ok && name != "" && strings.HasPrefix(name, q.Prefix) {
			page.Objects = append(page.Objects, blobstore.ObjectInfo{Name: name, Size: o.Size, Created: o.LastModified})
		}
	}
	if seen == 0 {
		_, err := s.Container(ctx, container)
		return blobstore.Page{}, err
	}
	return page, nil
}

// Delete implements blobstore.Store.
func (s *Store) Delete(ctx context.Context, container string, names ...string) error {
	var first error
	if len(names) == 1 {
		key, err := s.key(blobstore.ID{Container: container, Object: names[0]})
		if err != nil {
			return err
		}
		return fault(s.core.RemoveObject(ctx, s.bucket, key, minio.RemoveObjectOptions{}), blobstore.Failed)
	}
	keys := make([]string, len(names))
	for i, name := range names {
		key, err := s.key(blobstore.ID{Container: container, Object: name})
		if err != nil {
			return err
		}
		keys[i] = key
	}
	results, err := s.core.RemoveObjectsWithIter(ctx, s.bucket, func(yield func(minio.ObjectInfo) bool) {
		for _, key := range keys {
			if !yield(minio.ObjectInfo{Key: key}) {
				return
			}
		}
	}, minio.RemoveObjectsOptions{})
	if err != nil {
		return fault(err, blobstore.Failed)
	}
	for r := range results {
		if r.Err != nil && first == nil {
			first = r.Err
		}
	}
	return fault(first, blobstore.Failed)
}

// maxCopy is what servers copy at once.
const maxCopy = 5 << 30

// Copy implements blobstore.Store. The server copies.
func (s *Store) Copy(ctx context.Context, src, dst blobstore.ID) error {
	from, err := s.key(src)
	if err != nil {
		return err
	}
	to, err := s.key(dst)
	if err != nil {
		return err
	}
	info, err := s.Info(ctx, src)
	if err != nil || src == dst {
		return err
	}
	if _, err := s.Container(ctx, dst.Container); err != nil {
		return err
	}
	source, target := minio.CopySrcOptions{Bucket: s.bucket, Object: from}, minio.CopyDestOptions{Bucket: s.bucket, Object: to}
	if info.Size > maxCopy {
		_, err = s.core.ComposeObject(ctx, target, source)
	} else {
		_, err = s.core.Client.CopyObject(ctx, target, source)
	}
	return fault(err, blobstore.NoObject)
}
