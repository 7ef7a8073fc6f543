// Package token writes any text as one token of a key or subject, and reads it back.
//
// Keys of buckets are tokens of letters, digits, -, _, = and / that dots join. What a
// guest or a user calls a thing may be any text, with dots and spaces in it, and two
// texts must never become one key. [Encode] is injective: what is plain stays as it is,
// so that a key can be read by people, and every other byte is written as = and two
// digits. A text that grows too much by that is written in base64url behind == instead.
// [Decode] accepts what Encode returns and nothing else.
package token

import (
	"encoding/base64"
	"strings"
)

// readable is how long a token may become so that it can be read, even if base64 is
// shorter.
const readable = 64

// packed begins a token in base64.
const packed = "=="

const digits = "0123456789ABCDEF"

// MaxLen is how long a token is at most for a text of n bytes.
func MaxLen(n int) int { return max(readable, len(packed)+base64.RawURLEncoding.EncodedLen(n)) }

// Encode returns the token of a text. It is never empty.
func Encode(text string) string {
	escaped := 0
	for i := range len(text) {
		if escaped++; !plain(text[i]) {
			escaped += 2
		}
	}
	switch {
	case text == "" || escaped > MaxLen(len(text)):
		return packed + base64.RawURLEncoding.EncodeToString([]byte(text))
	case escaped == len(text):
		return text
	}
	var b strings.Builder
	b.Grow(escaped)
	for i := range len(text) {
		c := text[i]
		if plain(c) {
			b.WriteByte(c)
			continue
		}
		Escape(&b, c)
	}
	return b.String()
}

// Escape writes a byte as = and two digits.
func Escape(b *strings.Builder, c byte) {
	b.WriteByte('=')
	b.WriteByte(digits[c>>4])
	b.WriteByte(digits[c&15])
}

// Decode returns the text of a token, and false if Encode makes no such token.
func Decode(token string) (string, bool) {
	text, ok := decode(token)
	return text, ok && Encode(text) == token
}

func decode(token string) (string, bool) {
	if rest, ok := strings.CutPrefix(token, packed); ok {
		b, err := base64.RawURLEncoding.DecodeString(rest)
		return string(b), err == nil
	}
	return Unescape(token)
}

// Unescape returns a text in which Escape may have written some bytes, and false if there is
// an = that it has not written.
func Unescape(text string) (string, bool) {
	if !strings.Contains(text, "=") {
		return text, true
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '=' {
			if i+2 >= len(text) {
				return "", false
			}
			high, low := strings.IndexByte(digits, text[i+1]), strings.IndexByte(digits, text[i+2])
			if high < 0 || low < 0 {
				return "", false
			}
			c = byte(high<<4 | low)
			i += 2
		}
		b.WriteByte(c)
	}
	return b.String(), true
}

func plain(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '/'
}
