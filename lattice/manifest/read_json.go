package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// jsonReader reads JSON into the tree. JSON is read apart from YAML because it has
// escapes that YAML has not, and tabs.
type jsonReader struct {
	*reader
	dec  *json.Decoder
	text []byte
	// at is how far lines are counted, line and start the line there and its beginning.
	at, line, start int
}

var errStopped = errors.New("stopped")

func (r *reader) readJSON(text []byte) *value {
	j := &jsonReader{reader: r, dec: json.NewDecoder(bytes.NewReader(text)), text: text, line: 1}
	j.dec.UseNumber()
	v, err := j.value(0)
	if err != nil {
		if !errors.Is(err, errStopped) {
			r.errorf(j.here(), "", "", "not JSON: %v", err)
		}
		return nil
	}
	return v
}

// here returns a value at the token that is next.
func (j *jsonReader) here() *value {
	end := int(j.dec.InputOffset())
	for end < len(j.text) && bytes.IndexByte([]byte(" \t\r\n,:"), j.text[end]) >= 0 {
		end++
	}
	for ; j.at < end; j.at++ {
		if j.text[j.at] == '\n' {
			j.line++
			j.start = j.at + 1
		}
	}
	return &value{line: j.line, column: utf8.RuneCount(j.text[j.start:end]) + 1}
}

func (j *jsonReader) value(depth int) (*value, error) {
	v := j.here()
	token, err := j.dec.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case nil:
		v.kind, v.text = kindNull, "null"
	case bool:
		v.kind, v.text = kindBool, strconv.FormatBool(t)
	case json.Number:
		v.text = t.String()
		if v.plain(); v.kind == kindText { // 1e400, say
			j.errorf(v, "", "", "the number %.40s is out of range", v.text)
		}
	case string:
		v.kind, v.text = kindText, t
	case json.Delim:
		if v.kind = kindList; t == '{' {
			v.kind = kindMap
		}
	default:
		return nil, fmt.Errorf("token %v", token)
	}
	if !j.take(v, depth) {
		return nil, errStopped
	}
	if v.kind < kindList {
		return v, nil
	}
	for j.dec.More() {
		if v.kind == kindList {
			element, err := j.value(depth + 1)
			if err != nil {
				return nil, err
			}
			v.list = append(v.list, element)
			continue
		}
		key, err := j.value(depth + 1)
		if err != nil {
			return nil, err
		}
		element, err := j.value(depth + 1)
		if err != nil {
			return nil, err
		}
		v.entries = append(v.entries, entry{key, element})
	}
	if v.kind == kindMap {
		j.keys(v)
	}
	_, err = j.dec.Token()
	return v, err
}
