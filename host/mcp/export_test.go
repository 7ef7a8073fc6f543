package mcp

// Events returns the data of the events of a stream that comes in parts, and what is wrong
// with it.
func Events(most int, parts ...[]byte) (all []string, err error) {
	e := events{most: most, take: func(data []byte) { all = append(all, string(data)) }}
	for _, p := range parts {
		if err := e.write(p); err != nil {
			return all, err
		}
	}
	return all, nil
}

// Message reports whether a text is a message, and of which kind.
func Message(data []byte) string {
	switch m, err := parse(data); {
	case err != nil:
		return "none"
	case m.method != "" && m.id != nil:
		return "request"
	case m.method != "":
		return "notification"
	}
	return "response"
}

// Field is what the value of a field says.
func Field(value string) string { return decodeField(value) }
