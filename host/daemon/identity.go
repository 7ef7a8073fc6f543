package daemon

import (
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	grants "github.com/wattle-dev/wattle/host/capability"
	"github.com/wattle-dev/wattle/hostgroup/machine"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// labels returns the labels of the host: given by itself, given by operators over
// those, and detected over all.
func (d *Daemon) labels(given map[string]string) map[string]string {
	labels := d.opts.Machine.Labels()
	for key, value := range labels {
		labels[key] = printable(value, wire.MaxLabelValue)
	}
	for _, name := range slices.Sorted(maps.Keys(d.opts.Volumes)) {
		if len(labels) < wire.MaxLabels {
			labels[machine.LabelVolume+name] = mode(d.opts.Volumes[name])
		}
	}
	for _, from := range []map[string]string{given, d.opts.Labels} {
		for _, key := range slices.Sorted(maps.Keys(from)) {
			_, there := labels[key]
			if !there && !machine.Detected(key) && len(labels) < wire.MaxLabels {
				labels[key] = from[key]
			}
		}
	}
	return labels
}

// mode is what the label of a volume says.
func mode(v grants.Volume) string {
	if v.ReadOnly {
		return "ro"
	}
	return "rw"
}

// printable returns the beginning of a text with what cannot be printed replaced,
// so that it can be in a document.
func printable(text string, limit int) string {
	text = strings.Map(func(c rune) rune {
		if c == utf8.RuneError || !unicode.IsPrint(c) {
			return '?'
		}
		return c
	}, text)
	return clip(text, limit)
}

// clip returns the beginning of a text.
func clip(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}
