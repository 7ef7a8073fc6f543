package component

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"testing"
)

// codeModule returns a module with a function that has so many bytes of code,
// and names for the module, the function and its locals.
func codeModule(size int) []byte {
	str := func(s string) string { return string([]byte{byte(len(s))}) + s }
	body := "\x00" + strings.Repeat("\x01", size-3) + "\x0b"
	padded := func(n int) string { return string([]byte{byte(n) | 0x80, byte(n>>7) | 0x80, byte(n >> 14)}) }
	body = padded(len(body)) + body
	names := str("name") + "\x00" + str(str("m")) + "\x01" + str("\x01\x00"+str("f")) + "\x02" + str("\x01\x00\x00")
	return []byte("\x00asm\x01\x00\x00\x00" + "\x01\x04\x01\x60\x00\x00" + "\x03\x02\x01\x00" + "\x0a" + padded(len(body)+1) + "\x01" + body +
		"\x00" + str(names) + "\x00" + str(str("other")+"content"))
}

// A shell is a valid module that has everything but the code, and differs where
// modules do.
func TestShell(t *testing.T) {
	small := codeModule(100)
	if got, err := newShell(small, moduleKey{}); err != nil || &got[0] != &small[0] {
		t.Errorf("a small module is not its own shell: %v", err)
	}
	large := codeModule(10_000)
	before := bytes.Clone(large)
	shell, err := newShell(large, sha256.Sum256(large))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, large) {
		t.Error("the module was changed")
	}
	if len(shell) > 150 {
		t.Errorf("shell has %d bytes", len(shell))
	}
	if !bytes.Contains(shell, []byte("\x01\x04\x01\x00\x01f")) || bytes.Contains(shell, []byte("other")) {
		t.Errorf("shell %q should have the names of functions and no other custom sections", shell)
	}
	other, err := newShell(large, moduleKey{1})
	if err != nil || bytes.Equal(shell, other) {
		t.Errorf("two modules have the same shell: %v", err)
	}
	e := newImageTest(t)
	compiled, err := compileRecovered(t.Context(), e.rt, shell)
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// FuzzShell demands that nothing is written past what is read.
func FuzzShell(f *testing.F) {
	f.Add(codeModule(2000))
	f.Add(codeModule(10))
	f.Add([]byte("\x00asm\x01\x00\x00\x00\x0a\xff\xff\xff\xff\x0f"))
	f.Fuzz(func(t *testing.T, module []byte) {
		before := bytes.Clone(module)
		shell, err := newShell(module, moduleKey{})
		if err == nil && len(shell) > 5*len(module)+100 {
			t.Errorf("shell of %d bytes for a module of %d", len(shell), len(module))
		}
		if !bytes.Equal(before, module) {
			t.Error("the module was changed")
		}
	})
}
