package cli

import (
	"bytes"
	"fmt"
	"regexp"

	"github.com/wattle-dev/wattle/host/component/binary"
)

// binaryKinds are files that are taken for components, by their first bytes, with
// what can be done about it.
var binaryKinds = []struct{ start, hint string }{
	{"\x1f\x8b", "it is compressed with gzip: decompress it with gunzip"},
	{"\x28\xb5\x2f\xfd", "it is compressed with zstd: decompress it with unzstd"},
	{"PK\x03\x04", "it is a zip archive: unpack it"},
	{"\x7fELF", "it is a program for Linux, not for WebAssembly"},
	{"MZ", "it is a program for Windows, not for WebAssembly"},
	{"\xcf\xfa\xed\xfe", "it is a program for macOS, not for WebAssembly"},
	{"version https://git-lfs", "it is a pointer of Git LFS: fetch the file with git lfs pull"},
}

// textKinds are the same for text, which may start with a comment.
var textKinds = []struct {
	start *regexp.Regexp
	hint  string
}{
	{regexp.MustCompile(`^(\s|;;[^\n]*\n|\(;[^;]*;\))*\((component|module)\b`), "it is WebAssembly text: make a binary of it with wasm-tools parse"},
	{regexp.MustCompile(`^(\s|//[^\n]*\n|/\*[^*]*\*/)*(package\s+[a-z0-9-]+:|(interface|world)\s+[a-z0-9-]+\s*\{)`), "it is WIT text: the interface of a component, not a component"},
	{regexp.MustCompile(`(?i)^\s*<(!doctype|html|\?xml)`), "it is a web page, perhaps in place of a download"},
}

// sniffed bounds what of a file is looked at.
const sniffed = 4 << 10

// withHint adds to the error of a file that is no component what it is instead,
// as far as that can be told.
func withHint(file []byte, err error) error {
	if binary.Sniff(file) != binary.LayerUnknown {
		return err // the error says all there is to say
	}
	head := file[:min(len(file), sniffed)]
	for _, k := range binaryKinds {
		if bytes.HasPrefix(head, []byte(k.start)) {
			return &hintError{err, k.hint}
		}
	}
	for _, k := range textKinds {
		if k.start.Match(head) {
			return &hintError{err, k.hint}
		}
	}
	return err
}

// hintError is an error and what to do about it.
type hintError struct {
	err  error
	hint string
}

func (e *hintError) Error() string { return fmt.Sprintf("%v; %s", e.err, e.hint) }
func (e *hintError) Unwrap() error { return e.err }
