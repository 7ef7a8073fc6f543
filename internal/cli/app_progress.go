package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/internal/cli/appview"
)

// progressView shows how far several things are: on a terminal as lines that change
// in their place, and otherwise as a line for each change.
type progressView struct {
	w        io.Writer
	what     string
	terminal bool
	began    time.Time
	drawn    int               // lines that are on the terminal now
	last     map[string]string // by key, what was said at last
}

func newProgressView(env *Env, what string) *progressView {
	return &progressView{w: env.Stderr, what: what, terminal: isTerminal(env.Stderr), began: time.Now(), last: map[string]string{}}
}

// maxDrawn bounds the lines on a terminal, which may have few.
const maxDrawn = 16

// What a terminal is told: not to go on in the next line at its edge, to do so again,
// and to clear all below the cursor.
const (
	noWrap     = "\x1b[?7l"
	wrap       = "\x1b[?7h"
	clearBelow = "\x1b[J"
)

// show shows lines, which have nothing that a terminal obeys.
func (p *progressView) show(lines []appview.Line) {
	if !p.terminal {
		for _, l := range lines {
			p.say(l.Key, l.Text)
		}
		return
	}
	var b strings.Builder
	b.WriteString(noWrap)
	p.erase(&b)
	fmt.Fprintf(&b, "%s (%.0fs)\n", printable(p.what), time.Since(p.began).Seconds())
	for _, l := range lines[:min(len(lines), maxDrawn)] {
		fmt.Fprintf(&b, "  %s: %s\n", l.Key, l.Text)
	}
	p.drawn = 1 + min(len(lines), maxDrawn)
	if more := len(lines) - maxDrawn; more > 0 {
		fmt.Fprintf(&b, "  … %d more\n", more)
		p.drawn++
	}
	b.WriteString(wrap)
	_, _ = io.WriteString(p.w, b.String())
}

// note says what is about all of it.
func (p *progressView) note(text string) {
	text = strings.ReplaceAll(printable(text), "\n", " ")
	if p.terminal {
		p.show([]appview.Line{{Key: "note", Text: text}})
		return
	}
	p.say("", text)
}

// say says something, unless it was said before.
func (p *progressView) say(key, text string) {
	if p.last[key] == text {
		return
	}
	p.last[key] = text
	if key != "" {
		text = key + ": " + text
	}
	_, _ = fmt.Fprintf(p.w, "%s: %s\n", printable(p.what), text)
}

// erase has the next lines stand where the last ones stood.
func (p *progressView) erase(b *strings.Builder) {
	if p.drawn > 0 {
		fmt.Fprintf(b, "\r\x1b[%dA%s", p.drawn, clearBelow)
	}
	p.drawn = 0
}

// close takes the lines away.
func (p *progressView) close() {
	if p.terminal {
		var b strings.Builder
		p.erase(&b)
		_, _ = io.WriteString(p.w, b.String())
	}
}
