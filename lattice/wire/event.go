package wire

import "github.com/wattle-dev/wattle/lattice"

// cloudEvents is the version of CloudEvents that events are of.
const cloudEvents = "1.0"

// EncodeEvent returns the message of an event.
func EncodeEvent(e *lattice.Event) ([]byte, error) {
	return encode("event", e, MaxDocument, func(data []byte) error {
		_, err := DecodeEvent(data)
		return err
	})
}

// DecodeEvent reads an event. Attributes that are not known are extensions
// (CloudEvents 1.0, "Extension Context Attributes") and skipped; what is in Data
// is JSON and otherwise unchecked.
func DecodeEvent(data []byte) (*lattice.Event, error) {
	e := new(lattice.Event)
	err := read("event", data, MaxDocument, func(r *reader) {
		r.record(skipped, "specversion id source type time", func(field string) bool {
			switch field {
			case "specversion":
				e.SpecVersion = oneOf(r, cloudEvents)
			case "id":
				e.ID = r.required(MaxText)
			case "source":
				e.Source = r.required(MaxText)
			case "type":
				e.Type = r.required(MaxText)
			case "subject":
				e.Subject = r.required(MaxText)
			case "time":
				moment(r, &e.Time)
			case "datacontenttype":
				e.DataContentType = r.required(MaxText)
			case "data":
				e.Data = r.raw()
			default:
				return false
			}
			return true
		})
	})
	if err != nil {
		return nil, err
	}
	return e, nil
}
