package mcp

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/wattle-dev/wattle/internal/rawjson"
)

// message is a JSON-RPC message: a request has an ID and a method, a notification a
// method, a response an ID and a result or an error.
type message struct {
	id     json.RawMessage // nil if there is none, or it is null
	method string
	params json.RawMessage // an object, or nil
	result json.RawMessage // an object
	err    json.RawMessage // an object
}

// parse reads one message.
func parse(data []byte) (*message, error) {
	text, err := rawjson.Compact(data)
	if err != nil {
		return nil, err
	}
	return parseText(text)
}

// parseText reads one message that rawjson.Compact has returned.
func parseText(text json.RawMessage) (*message, error) {
	members, err := rawjson.Members(text)
	if err != nil {
		return nil, err
	}
	if version, _ := rawjson.Text(members.Get("jsonrpc")); version != "2.0" {
		return nil, errors.New(`its member "jsonrpc" is not "2.0"`)
	}
	get := func(name string) json.RawMessage { // some servers write null for what is not there
		if value := members.Get(name); string(value) != "null" {
			return value
		}
		return nil
	}
	m := &message{id: get("id"), params: get("params"), result: get("result"), err: get("error")}
	_, isText := rawjson.Text(m.id)
	_, isInt := rawjson.Int(m.id)
	method := members.Get("method")
	m.method, _ = rawjson.Text(method)
	switch {
	case m.id != nil && !isText && !isInt:
		return nil, errors.New("its ID is neither a string nor an integer")
	case method != nil && m.method == "":
		return nil, errors.New("its method is no name")
	case m.params != nil && !rawjson.IsObject(m.params):
		return nil, errors.New("its parameters are no object")
	case method != nil && (m.result != nil || m.err != nil):
		return nil, errors.New("it has a method and a result")
	case method == nil && (m.result == nil) == (m.err == nil):
		return nil, errors.New("it is neither a request nor a response")
	case m.result != nil && !rawjson.IsObject(m.result):
		return nil, errors.New("its result is no object")
	case m.err != nil && !rawjson.IsObject(m.err):
		return nil, errors.New("its error is no object")
	}
	return m, nil
}

// sameID reports whether two IDs are one.
func sameID(a, b json.RawMessage) bool {
	if bytes.Equal(a, b) {
		return true
	}
	x, isText := rawjson.Text(a)
	y, areText := rawjson.Text(b)
	return isText && areText && x == y
}

// errorOf reads the error of a response.
func errorOf(text json.RawMessage) (*Error, error) {
	members, err := rawjson.Members(text)
	if err != nil {
		return nil, err
	}
	code, ok := rawjson.Int(members.Get("code"))
	if !ok || code < -1<<31 || code >= 1<<31 {
		return nil, errors.New("the code of its error is no number")
	}
	message, ok := rawjson.Text(members.Get("message"))
	if !ok {
		return nil, errors.New("its error has no message")
	}
	return &Error{Code: int(code), Message: message, Data: members.Get("data")}, nil
}

// params are the parameters of a request that say how it is carried out.
type params struct {
	name, uri     string
	progressToken json.RawMessage // nil without
	logLevel      string
	version       string
	clientInfo    json.RawMessage
}

// Keys of _meta (2026-07-28, basic, section "_meta").
const (
	metaPrefix     = "io.modelcontextprotocol/"
	metaVersion    = metaPrefix + "protocolVersion"
	metaClientInfo = metaPrefix + "clientInfo"
	metaLogLevel   = metaPrefix + "logLevel"
	metaServerInfo = metaPrefix + "serverInfo"
	metaSubscribed = metaPrefix + "subscriptionId"
)

// read takes what it knows of the parameters of a request, which may be nil.
func (p *params) read(text json.RawMessage) error {
	if text == nil {
		return nil
	}
	members, err := rawjson.Members(text)
	if err != nil {
		return err
	}
	p.name, _ = rawjson.Text(members.Get("name"))
	p.uri, _ = rawjson.Text(members.Get("uri"))
	meta := members.Get("_meta")
	if meta == nil {
		return nil
	}
	if members, err = rawjson.Members(meta); err != nil {
		return err
	}
	p.progressToken = members.Get("progressToken")
	p.logLevel, _ = rawjson.Text(members.Get(metaLogLevel))
	p.version, _ = rawjson.Text(members.Get(metaVersion))
	p.clientInfo = members.Get(metaClientInfo)
	return nil
}
