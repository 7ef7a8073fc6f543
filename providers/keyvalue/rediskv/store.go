package rediskv

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/wattle-dev/wattle/providers/keyvalue"
)

// Store implements keyvalue.Store without its bounds.
type Store struct {
	client   *redis.Client
	prefix   string
	maxValue int
}

// Close implements keyvalue.Store.
func (s *Store) Close() error { return s.client.Close() }

// refusals are what errors of servers begin with, by what they are to a component.
var refusals = map[keyvalue.Kind][]string{
	keyvalue.Denied:      {"NOAUTH", "WRONGPASS", "NOPERM", "DENIED"},
	keyvalue.Unavailable: {"LOADING", "BUSY", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "NOREPLICAS", "MISCONF", "ERR max number of clients"},
	keyvalue.Full:        {"OOM"},
}

// fault returns an error of the library as one of stores.
func fault(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, redis.Nil) {
		return keyvalue.ErrNoKey
	}
	if e, ok := errors.AsType[*keyvalue.Error](err); ok {
		return e
	}
	answer, answered := errors.AsType[redis.Error](err)
	if !answered {
		return &keyvalue.Error{Kind: keyvalue.Unavailable, Err: err} // the connection, or what was made of it
	}
	text := answer.Error()
	for kind, starts := range refusals {
		if slices.ContainsFunc(starts, func(s string) bool { return strings.HasPrefix(text, s) }) {
			return &keyvalue.Error{Kind: kind, Err: err}
		}
	}
	for part, message := range map[string]string{
		"WRONGTYPE":          "the key has something that is no value",
		"not an integer":     "the value is not a number",
		"would overflow":     "the sum does not fit into 64 bits",
		"string exceeds max": "the value is too large for the store",
	} {
		if strings.Contains(text, part) {
			return &keyvalue.Error{Kind: keyvalue.Invalid, Message: message, Err: err}
		}
	}
	return &keyvalue.Error{Err: err}
}

func (s *Store) key(key string) string { return s.prefix + key }

func (s *Store) keys(keys []string) []string {
	all := make([]string, len(keys))
	for i, k := range keys {
		all[i] = s.key(k)
	}
	return all
}

// Get implements keyvalue.Store.
func (s *Store) Get(ctx context.Context, key string) ([]byte, error) {
	values, err := s.read(ctx, []string{key})
	if err != nil {
		return nil, err
	}
	if !values[0].Exists {
		return nil, keyvalue.ErrNoKey
	}
	return values[0].Bytes, nil
}

// read reads values, of each one byte more than it may have at most. An empty answer
// does not say whether there is a value, and is asked about.
func (s *Store) read(ctx context.Context, keys []string) ([]keyvalue.Value, error) {
	answers := make([]*redis.StringCmd, len(keys))
	if len(keys) == 1 { // a pipeline takes longer
		answers[0] = s.client.GetRange(ctx, s.key(keys[0]), 0, int64(s.maxValue))
	} else {
		pipe := s.client.Pipeline()
		for i, key := range keys {
			answers[i] = pipe.GetRange(ctx, s.key(key), 0, int64(s.maxValue))
		}
		if _, err := pipe.Exec(ctx); err != nil {
			return nil, fault(err)
		}
	}
	values := make([]keyvalue.Value, len(keys))
	for i, a := range answers {
		b, err := a.Bytes()
		if err != nil {
			return nil, fault(err)
		}
		if len(b) > s.maxValue {
			return nil, &keyvalue.Error{Kind: keyvalue.TooLarge, Message: fmt.Sprintf("the value has more than %d bytes", s.maxValue)}
		}
		values[i] = keyvalue.Value{Bytes: b, Exists: true}
		if len(b) == 0 {
			if values[i].Exists, err = s.Exists(ctx, keys[i]); err != nil {
				return nil, err
			}
		}
	}
	return values, nil
}

// Exists implements keyvalue.Store.
func (s *Store) Exists(ctx context.Context, key string) (bool, error) {
	n, err := s.client.Exists(ctx, s.key(key)).Result()
	return n > 0, fault(err)
}

// Set implements keyvalue.Store.
func (s *Store) Set(ctx context.Context, key string, value []byte) error {
	return fault(s.client.Set(ctx, s.key(key), value, 0).Err())
}

// Delete implements keyvalue.Store.
func (s *Store) Delete(ctx context.Context, key string) error {
	return fault(s.client.Del(ctx, s.key(key)).Err())
}

// glob has the characters of a text mean themselves in a pattern.
var glob = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`)

const (
	// scans is how often the server is asked for a page that is empty so far: few of
	// its keys may be of the store.
	scans = 20
	// scanned is how many keys it looks at each time.
	scanned = keyvalue.PageKeys
)

// Keys implements keyvalue.Store.
func (s *Store) Keys(ctx context.Context, cursor uint64) (keyvalue.Page, error) {
	var page keyvalue.Page
	for range scans {
		found, next, err := s.client.Scan(ctx, cursor, glob.Replace(s.prefix)+"*", scanned).Result()
		if err != nil {
			return keyvalue.Page{}, fault(err)
		}
		for _, k := range found {
			if key, ok := strings.CutPrefix(k, s.prefix); ok {
				page.Keys = append(page.Keys, key)
			}
		}
		if page.Cursor, cursor = next, next; next == 0 || len(page.Keys) > 0 {
			break
		}
	}
	slices.Sort(page.Keys)
	page.Keys = slices.Compact(page.Keys)
	return page, nil
}

// Increment implements keyvalue.Store.
func (s *Store) Increment(ctx context.Context, key string, delta int64) (int64, error) {
	n, err := s.client.IncrBy(ctx, s.key(key), delta).Result()
	return n, fault(err)
}

// Read implements keyvalue.Store.
func (s *Store) Read(ctx context.Context, key string) (*keyvalue.Snapshot, error) {
	values, err := s.read(ctx, []string{key})
	if err != nil {
		return nil, err
	}
	return &keyvalue.Snapshot{Key: key, Value: values[0]}, nil
}

// swap sets a key to the last argument if it has the value of the second, or none if
// the first is "0". It returns 1 if it did.
var swap = redis.NewScript(`
local now = redis.call('GET', KEYS[1])
if ARGV[1] == '0' then
  if now then return 0 end
elseif now ~= ARGV[2] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[3])
return 1
`)

// Swap implements keyvalue.Store.
func (s *Store) Swap(ctx context.Context, was *keyvalue.Snapshot, value []byte) error {
	exists := "0"
	if was.Value.Exists {
		exists = "1"
	}
	done, err := swap.Run(ctx, s.client, []string{s.key(was.Key)}, exists, was.Value.Bytes, value).Int()
	if err != nil {
		return fault(err)
	}
	if done != 1 {
		return keyvalue.ErrChanged
	}
	return nil
}

// readAtOnce is how many values of a batch are read at once.
const readAtOnce = 16

// GetMany implements keyvalue.Store.
func (s *Store) GetMany(ctx context.Context, keys []string) ([]keyvalue.Value, error) {
	var all []keyvalue.Value
	bytes := 0
	for part := range slices.Chunk(keys, readAtOnce) {
		values, err := s.read(ctx, part)
		if err != nil {
			return nil, err
		}
		for _, v := range values {
			bytes += len(v.Bytes)
		}
		if bytes > keyvalue.MaxBatchBytes {
			return nil, keyvalue.ErrBatchBytes()
		}
		all = append(all, values...)
	}
	return all, nil
}

// SetMany implements keyvalue.Store.
func (s *Store) SetMany(ctx context.Context, pairs []keyvalue.Pair) error {
	args := make([]any, 0, 2*len(pairs))
	for _, p := range pairs {
		args = append(args, s.key(p.Key), p.Value)
	}
	return fault(s.client.MSet(ctx, args...).Err())
}

// DeleteMany implements keyvalue.Store.
func (s *Store) DeleteMany(ctx context.Context, keys []string) error {
	return fault(s.client.Del(ctx, s.keys(keys)...).Err())
}
