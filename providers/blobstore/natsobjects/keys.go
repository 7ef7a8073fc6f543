package natsobjects

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/token"
	"github.com/wattle-dev/wattle/providers/blobstore"
)

// PartSize is how many bytes a part of an object has.
const PartSize = 128 << 10

// Name is a store in the bucket of a lattice.
type Name struct{ prefix string }

// Own is the store that only a component has.
func Own(c lattice.ComponentID) Name { return Name{"own." + token.Encode(string(c)) + "."} }

// Named is the store that configurations call by a name.
func Named(name string) Name { return Name{"bucket." + token.Encode(name) + "."} }

func (n Name) container(name string) string { return n.prefix + "c." + token.Encode(name) }

func (n Name) objects(container string) string {
	return n.prefix + "o." + token.Encode(container) + "."
}

func (n Name) object(id blobstore.ID) string {
	return n.objects(id.Container) + token.Encode(id.Object)
}

func (n Name) part(id string, i int64) string {
	return n.prefix + "d." + id + "." + strconv.FormatInt(i, 10)
}

func (n Name) parts(id string) string { return n.prefix + "d." + id + ".*" }

func (n Name) unowned(id string) string { return n.prefix + "u." + id }

// object is what is known of an object.
type object struct {
	// ID is that of its bytes.
	ID   string `json:"id"`
	Size int64  `json:"size"`
}

// count is how many parts it has.
func (o *object) count() int64 { return (o.Size + PartSize - 1) / PartSize }

// owner is whose bytes those of a u are.
type owner struct {
	Container string `json:"container"`
	Object    string `json:"object"`
}

// parse reads what is known of an object: anyone who may write to the bucket may have
// written it.
func parse(value []byte) (*object, error) {
	var o object
	if err := json.Unmarshal(value, &o); err != nil {
		return nil, fmt.Errorf("what is known of the object: %w", err)
	}
	if o.Size < 0 || o.Size > blobstore.MaxSize || !validID(o.ID) {
		return nil, fmt.Errorf("what is known of the object is no size and id: %.200q", value)
	}
	return &o, nil
}

// validID reports whether a text is an id of bytes.
func validID(s string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}
