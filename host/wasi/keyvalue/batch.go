package keyvalue

import (
	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/providers/keyvalue"
)

// GetMany implements Batch.
func (*State) GetMany(c *component.Call, b *Bucket, keys []string) ([]component.Option[component.Tuple2[string, []byte]], error) {
	values, err := b.store.GetMany(c.Context(), keys)
	if err != nil {
		return nil, b.fail(err)
	}
	pairs := make([]component.Option[component.Tuple2[string, []byte]], len(values))
	for i, v := range values {
		if v.Exists {
			pairs[i] = component.Some(component.Tuple2[string, []byte]{V0: keys[i], V1: v.Bytes})
		}
	}
	return pairs, nil
}

// SetMany implements Batch.
func (*State) SetMany(c *component.Call, b *Bucket, keyValues []component.Tuple2[string, []byte]) error {
	pairs := make([]keyvalue.Pair, len(keyValues))
	for i, kv := range keyValues {
		pairs[i] = keyvalue.Pair{Key: kv.V0, Value: kv.V1}
	}
	return b.fail(b.store.SetMany(c.Context(), pairs))
}

// DeleteMany implements Batch.
func (*State) DeleteMany(c *component.Call, b *Bucket, keys []string) error {
	return b.fail(b.store.DeleteMany(c.Context(), keys))
}
