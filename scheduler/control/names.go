package control

import (
	"bytes"
	"encoding/json"
)

// free are the fields whose members have names that are up to the user.
var free = map[string]bool{"labels": true, "annotations": true, "values": true}

// checkNames refuses what package encoding/json lets pass: a member that is there
// twice, and names that are those of fields in other letters. data is a JSON value
// of which all fields are known, so that it is no deeper than our types.
func checkNames(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	return walkNames(dec, false)
}

func walkNames(dec *json.Decoder, anyName bool) error {
	token, err := dec.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('['):
		for dec.More() {
			if err := walkNames(dec, false); err != nil {
				return err
			}
		}
	case json.Delim('{'):
		seen := map[string]bool{}
		for dec.More() {
			token, err := dec.Token()
			if err != nil {
				return err
			}
			name, _ := token.(string)
			if seen[name] {
				return invalid("before byte %d: %.80q is there twice", dec.InputOffset(), name)
			}
			if !anyName && !isFieldName(name) {
				return invalid("before byte %d: %.80q is not a known field", dec.InputOffset(), name)
			}
			seen[name] = true
			if err := walkNames(dec, !anyName && free[name]); err != nil {
				return err
			}
		}
	default:
		return nil
	}
	_, err = dec.Token() // the end of the array or object
	return err
}

// isFieldName reports whether a name is written as all of ours are.
func isFieldName(name string) bool {
	for i := range len(name) {
		if c := name[i]; (c < 'a' || c > 'z') && c != '_' {
			return false
		}
	}
	return name != ""
}
