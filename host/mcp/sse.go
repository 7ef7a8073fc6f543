package mcp

import (
	"bytes"
	"errors"
)

// events takes a stream of server-sent events apart (HTML, section 9.2.6).
type events struct {
	// most is how many bytes an event may have.
	most int
	// take is given the data of each event that has any and is a message.
	take func(data []byte)

	line    []byte // the beginning of a line
	data    []byte
	some    bool // the event has data
	other   bool // the event is of another type
	skipLF  bool // a line has ended with CR
	started bool
}

var errEventSize = errors.New("an event is too long")

// write takes a part of the stream.
func (e *events) write(p []byte) error {
	for len(p) > 0 {
		if e.skipLF {
			e.skipLF = false
			if p[0] == '\n' {
				p = p[1:]
				continue
			}
		}
		end := bytes.IndexAny(p, "\r\n")
		part := p
		if end >= 0 {
			part = p[:end]
		}
		if len(e.line)+len(part)+len(e.data) > e.most {
			return errEventSize
		}
		e.line = append(e.line, part...)
		if end < 0 {
			return nil
		}
		e.skipLF = p[end] == '\r'
		p = p[end+1:]
		e.endLine()
	}
	return nil
}

func (e *events) endLine() {
	line := e.line
	if !e.started {
		e.started = true
		line = bytes.TrimPrefix(line, []byte("\ufeff"))
	}
	e.line = e.line[:0]
	if len(line) == 0 {
		e.dispatch()
		return
	}
	name, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimPrefix(value, []byte(" "))
	switch string(name) {
	case "data":
		if e.some {
			e.data = append(e.data, '\n')
		}
		e.some = true
		e.data = append(e.data, value...)
	case "event":
		e.other = len(value) > 0 && string(value) != "message"
	}
}

func (e *events) dispatch() {
	if len(e.data) > 0 && !e.other {
		e.take(e.data)
	}
	e.data, e.some, e.other = e.data[:0], false, false
}
