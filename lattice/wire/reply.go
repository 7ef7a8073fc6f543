package wire

import (
	"encoding/json"

	"github.com/wattle-dev/wattle/lattice"
)

// Reply is the answer to a command: a result or an error.
type Reply struct {
	Result json.RawMessage
	Error  *lattice.Error
}

// EncodeReply returns the message of an answer. One without an error has a result,
// which is null if it is empty. The text of an error is cut where it is too long.
func EncodeReply(reply *Reply) ([]byte, error) {
	var document struct {
		Result json.RawMessage `json:"result,omitempty"`
		Error  *replyError     `json:"error,omitempty"`
	}
	switch e := reply.Error; {
	case e != nil:
		document.Error = &replyError{
			Code: e.Code, Message: clip(e.Message, MaxReason), Host: e.Host, Undelivered: e.Undelivered,
		}
	case len(reply.Result) == 0:
		document.Result = json.RawMessage("null")
	default:
		document.Result = reply.Result
	}
	return encode("reply", document, MaxDocument, func(data []byte) error {
		_, err := DecodeReply(data)
		return err
	})
}

// ReplyOf returns the answer that an error is.
func ReplyOf(err error) *Reply {
	if e, ok := err.(*lattice.Error); ok { //nolint:errorlint // what wraps it has more to say
		return &Reply{Error: e}
	}
	e := &lattice.Error{Code: lattice.CodeOf(err), Message: err.Error(), Undelivered: lattice.Undelivered(err)}
	return &Reply{Error: e}
}

type replyError struct {
	Code        lattice.Code   `json:"code"`
	Message     string         `json:"message"`
	Host        lattice.HostID `json:"host,omitempty"`
	Undelivered bool           `json:"undelivered,omitempty"`
}

// clip cuts a text at a character, and has nothing in it that a reader refuses.
func clip(s string, limit int) string {
	clean := make([]rune, 0, min(len(s), limit))
	size := 0
	for _, c := range s {
		if c != '\n' && c != '\t' && !Printable(string(c)) {
			c = '?'
		}
		if size += len(string(c)); size > limit {
			break
		}
		clean = append(clean, c)
	}
	return string(clean)
}

// DecodeReply reads an answer. The code of its error may be one that is not known
// here. What is in Result is JSON and otherwise unchecked.
func DecodeReply(data []byte) (*Reply, error) {
	reply := new(Reply)
	err := read("reply", data, MaxDocument, func(r *reader) {
		r.record(skipped, "", func(field string) bool {
			switch field {
			case "result":
				reply.Result = r.raw()
			case "error":
				reply.Error = r.replyError()
			default:
				return false
			}
			return true
		})
		if (reply.Result == nil) == (reply.Error == nil) {
			r.fail("want either a result or an error")
		}
	})
	if err != nil {
		return nil, err
	}
	return reply, nil
}

func (r *reader) replyError() *lattice.Error {
	e := new(lattice.Error)
	r.record(skipped, "code message", func(field string) bool {
		switch field {
		case "code":
			e.Code = word[lattice.Code](r)
		case "message":
			e.Message = r.lines(MaxReason)
		case "host":
			e.Host = parsed(r, lattice.ParseHostID)
		case "undelivered":
			e.Undelivered = r.bool()
		default:
			return false
		}
		return true
	})
	return e
}
