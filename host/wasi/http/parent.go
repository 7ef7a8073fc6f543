package http

import (
	"context"

	wasiio "github.com/wattle-dev/wattle/host/wasi/io"
)

// parent counts the children of a resource: those that the guest must drop before
// it, or traps.
type parent struct{ children int }

// Children implements component.Parent.
func (p *parent) Children() int { return p.children }

// view returns a child with the same fields as f, which cannot be changed.
func (p *parent) view(f *Fields) *Fields {
	p.children++
	return &Fields{list: f.list, immutable: true, parent: p}
}

// input and output make a stream a child.

func (p *parent) input(s *wasiio.InputStream) *wasiio.InputStream {
	p.children++
	s.OnDrop(p.orphan)
	return s
}

func (p *parent) output(s *wasiio.OutputStream) *wasiio.OutputStream {
	p.children++
	s.OnDrop(p.orphan)
	return s
}

func (p *parent) orphan() { p.children-- }

// leave ends that the fields are somebody's child: they are dropped, or have
// become part of a message.
func (f *Fields) leave() {
	if f.parent != nil {
		f.parent.orphan()
		f.parent = nil
	}
}

// Drop implements component.Dropper.
func (f *Fields) Drop(context.Context) {
	f.leave()
	f.release()
}
