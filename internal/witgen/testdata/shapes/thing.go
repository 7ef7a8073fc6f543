// Package shapes is generated from ../wit/shapes.wit, except for its resource.
package shapes

import (
	"fmt"

	"github.com/wattle-dev/wattle/internal/witgen/testdata/component"
)

// Thing is resource thing.
type Thing struct{ Name string }

func (t *Thing) Type(c *component.Call, n uint32) (string, error) {
	return fmt.Sprintf("%s %d", t.Name, n), nil
}
