package catalogue

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// The characters that join others, and those that choose between the forms of one.
const (
	nonJoiner     = '\u200c'
	joiner        = '\u200d'
	textVariation = '\ufe0e'
	iconVariation = '\ufe0f'
)

// Visible says which character of a text cannot be seen, or changes how others are seen.
// Line feeds and tabs may be there, and what writing and emoji need: joiners between
// characters that are not ASCII, and one variation selector after a character.
func Visible(s string) error {
	before := rune(0)
	for i, c := range s {
		ok := false
		switch {
		case c < utf8.RuneSelf:
			ok = c >= ' ' && c != 0x7f || c == '\n' || c == '\t' || c == '\r'
		case c == joiner, c == nonJoiner:
			after, _ := utf8.DecodeRuneInString(s[i+utf8.RuneLen(c):])
			ok = before >= utf8.RuneSelf && before != joiner && before != nonJoiner && after >= utf8.RuneSelf
		case c == textVariation, c == iconVariation:
			ok = before > ' ' && before != textVariation && before != iconVariation
		case unicode.Is(unicode.Other_Default_Ignorable_Code_Point, c), unicode.Is(unicode.Variation_Selector, c):
		default:
			ok = unicode.IsGraphic(c)
		}
		if !ok {
			return fmt.Errorf("it has the character U+%04X at byte %d, which cannot be seen", c, i)
		}
		before = c
	}
	return nil
}
