package component

import (
	"encoding/binary"
	"errors"
	"unicode/utf8"
)

// Producer is an entry of the "producers" custom section (tool-conventions,
// "Producers Section"): a language, tool or SDK that had a part in making a
// component. It is what the component says and proves nothing.
type Producer struct {
	// Field is "language", "processed-by", "sdk" or another word of the tool's.
	Field   string `json:"field"`
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
}

// maxProducers bounds how many entries are read.
const maxProducers = 1000

// producers reads a producers section. A malformed one counts as if it ended
// before its first fault, as a custom section is never a reason to refuse.
func producers(data []byte) []Producer {
	var out []Producer
	r := producersReader{data: data}
	for fields := r.count(); fields > 0 && r.err == nil; fields-- {
		field := r.text()
		for values := r.count(); values > 0 && r.err == nil && len(out) < maxProducers; values-- {
			p := Producer{Field: field, Name: r.text(), Version: r.text()}
			if r.err == nil {
				out = append(out, p)
			}
		}
	}
	return out
}

// producersReader reads numbers and names. After the first fault it yields
// nothing.
type producersReader struct {
	data []byte
	err  error
}

var errProducers = errors.New("malformed producers section")

func (r *producersReader) count() uint64 {
	n, size := binary.Uvarint(r.data)
	// Each thing that is counted has at least a byte.
	if size <= 0 || n > uint64(len(r.data)-size) {
		r.data, r.err = nil, errProducers
		return 0
	}
	r.data = r.data[size:]
	return n
}

func (r *producersReader) text() string {
	n := r.count()
	s := string(r.data[:n])
	if r.data = r.data[n:]; !utf8.ValidString(s) {
		r.data, r.err = nil, errProducers
		return ""
	}
	return s
}
