package mcp

import (
	"encoding/base64"
	"strings"
)

// The marks around a value of a field that could not stand there as it is (2026-07-28,
// basic, transports, "Value Encoding").
const (
	encodedPrefix = "=?base64?"
	encodedSuffix = "?="
)

// decodeField returns what a field says.
func decodeField(value string) string {
	inner, ok := strings.CutPrefix(value, encodedPrefix)
	if !ok {
		return value
	}
	if inner, ok = strings.CutSuffix(inner, encodedSuffix); !ok {
		return value
	}
	text, err := base64.StdEncoding.DecodeString(inner)
	if err != nil {
		return value
	}
	return string(text)
}
