package s3

import (
	"strings"

	"github.com/wattle-dev/wattle/lattice/token"
	"github.com/wattle-dev/wattle/providers/blobstore"
)

// maxKey is how long keys of S3 may be.
const maxKey = 1024

// encode returns what stands for the name of an object in its key. It is injective.
func encode(name string) string {
	var b strings.Builder
	segments := strings.Split(name, "/")
	for i, s := range segments {
		last := i == len(segments)-1
		dots := s == "." || s == ".."
		for j := range len(s) {
			if c := s[j]; dots || c < ' ' || c == 0x7f || c == '\\' || c == '=' {
				token.Escape(&b, c)
			} else {
				b.WriteByte(c)
			}
		}
		switch {
		case last:
		// A slash at an end of the name or beside another one.
		case s == "" || segments[i+1] == "":
			token.Escape(&b, '/')
		default:
			b.WriteByte('/')
		}
	}
	return b.String()
}

// decode returns the name that a part of a key stands for, and false if encode returns
// no such thing.
func decode(s string) (string, bool) {
	name, ok := token.Unescape(s)
	return name, ok && encode(name) == s
}

// encodePrefix returns what begins the key of every object whose name begins with a
// prefix. Others may begin with it as well.
func encodePrefix(prefix string) string { return encode(strings.TrimRight(prefix, "/.")) }

// folder begins the keys of a container, and is the key of its marker.
func (s *Store) folder(container string) string { return s.prefix + token.Encode(container) + "/" }

// key returns the key of an object.
func (s *Store) key(id blobstore.ID) (string, error) {
	key := s.folder(id.Container) + encode(id.Object)
	if len(key) > maxKey {
		return "", &blobstore.Error{Kind: blobstore.TooLarge, Message: "the name of the object is too long for the store"}
	}
	return key, nil
}
