package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/wattle-dev/wattle/internal/cli/appview"
	"github.com/wattle-dev/wattle/internal/cli/show"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// clearScreen empties a terminal.
const clearScreen = "\x1b[H\x1b[2J"

// watchStatus shows how an application is doing, and again when it changes, until ctx
// ends. status is the first look.
func (s *session) watchStatus(ctx context.Context, env *Env, app lattice.AppName, status *control.AppStatus, format show.Format) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var last []byte
	for {
		s.locate(ctx, status)
		text, err := statusText(status, format)
		if err != nil {
			return err
		}
		if !bytes.Equal(text, last) {
			if err := writeStatus(env.Stdout, text, format, last == nil); err != nil {
				return err
			}
			last = text
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		next := new(control.AppStatus)
		err = s.control.Do(ctx, &control.AppStatusOf{App: app}, next)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, lattice.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
			fmt.Fprintf(env.Stderr, "wattle: %s\n", printable(err.Error())) // a leader is elected
		case err != nil:
			return err
		default:
			status = next
		}
	}
}

// statusText returns a status in a form; what changes by itself is left out.
func statusText(status *control.AppStatus, format show.Format) ([]byte, error) {
	var b bytes.Buffer
	switch format {
	case show.FormatJSON:
		err := show.JSON(&b, status, true)
		return b.Bytes(), err
	case show.FormatYAML:
		b.WriteString("---\n")
		err := show.YAML(&b, status)
		return b.Bytes(), err
	case show.FormatTable, show.FormatWide:
	}
	err := appview.Status(&b, status, time.Now(), format == show.FormatWide)
	return b.Bytes(), err
}

// writeStatus writes a status: on a terminal in the place of the one before.
func writeStatus(w io.Writer, text []byte, format show.Format, first bool) error {
	people := format == show.FormatTable || format == show.FormatWide
	switch {
	case people && isTerminal(w):
		text = append([]byte(clearScreen), text...)
	case people && !first:
		text = append([]byte("\n"+time.Now().Format(time.TimeOnly)+"\n"), text...)
	}
	_, err := w.Write(text)
	return err
}
