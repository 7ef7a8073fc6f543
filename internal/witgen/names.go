package main

import (
	"go/token"
	"strings"
)

// initialisms are the words that Go writes in capitals, with how it does.
var initialisms = map[string]string{
	"abi": "ABI", "api": "API", "cwd": "CWD", "dns": "DNS", "http": "HTTP", "https": "HTTPS", "id": "ID", "io": "IO", "ip": "IP",
	"ipv4": "IPv4", "ipv6": "IPv6", "json": "JSON", "os": "OS", "tcp": "TCP", "tls": "TLS", "tty": "TTY", "udp": "UDP",
	"uri": "URI", "url": "URL", "utc": "UTC", "uuid": "UUID", "wit": "WIT",
}

// goName returns the exported Go name of a kebab-case name.
func goName(label string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(label, "-") {
		lower := strings.ToLower(word)
		if s, ok := initialisms[lower]; ok {
			b.WriteString(s)
			continue
		}
		if word != lower { // an acronym
			b.WriteString(word)
			continue
		}
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

// localName returns the unexported Go name of a kebab-case name.
func localName(label string) string {
	first, rest, more := strings.Cut(label, "-")
	name := strings.ToLower(first)
	if more {
		name += goName(rest)
	}
	return name
}

// usedNames are the names that glue uses and that a parameter must not hide.
var usedNames = func() map[string]bool {
	m := map[string]bool{}
	for s := range strings.FieldsSeq(`c stack impl self args ret v err e ok component math errors nil true false make len
		bool int8 uint8 int16 uint16 int32 uint32 int64 uint64 float32 float64 rune string byte error any`) {
		m[s] = true
	}
	return m
}()

// paramName returns the Go name of a parameter, one that hides nothing which the
// glue uses: no package, no name of usedNames and no temporary.
func (g *generator) paramName(label string) string {
	name := localName(label)
	temporary := len(name) > 1 && strings.Trim(name[1:], "0123456789") == ""
	if token.IsKeyword(name) || usedNames[name] || temporary || g.packageNames[name] {
		name += "Arg"
	}
	return name
}

// comment returns text as the lines of a comment, below its first line.
func comment(first, docs string) string {
	var b strings.Builder
	b.WriteString("// " + first + "\n")
	if docs == "" {
		return b.String()
	}
	b.WriteString("//\n")
	for line := range strings.SplitSeq(docs, "\n") {
		b.WriteString(strings.TrimRight("// "+line, " ") + "\n")
	}
	return b.String()
}
