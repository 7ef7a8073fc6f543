package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/internal/cli/inventory"
	"github.com/wattle-dev/wattle/internal/cli/show"
	"github.com/wattle-dev/wattle/internal/nearest"
	"github.com/wattle-dev/wattle/lattice"
)

// getFlags are the flags of `wattle get`.
type getFlags struct {
	connectFlags
	output string
	watch  bool
}

const getExamples = `  wattle get hosts
  wattle get components -o wide
  wattle get hosts --watch
  wattle get component shop -o json
  WATTLE_NATS=nats://10.0.0.1:4222 wattle get links --creds viewer.creds`

func getCommand(env *Env) *cobra.Command {
	f := &getFlags{}
	var long strings.Builder
	long.WriteString("Print what a lattice has:\n\n")
	for _, k := range inventory.Kinds() {
		fmt.Fprintf(&long, "  %-11s %s\n", k.Name, k.Short)
	}
	long.WriteString(`
A table is for people; -o json and -o yaml print the documents themselves. A host
of which nothing is heard is unreachable since the time that is shown.

With --watch rows are printed again when they change, until Ctrl-C; with -o json
each is a line.`)
	cmd := &cobra.Command{
		Use:     "get [flags] KIND [NAME]",
		Short:   "Print what a lattice has: hosts, components, links and more",
		Long:    long.String(),
		Example: getExamples,

		DisableFlagsInUseLine: true,

		Args: func(_ *cobra.Command, args []string) error {
			var kinds []string
			for _, k := range inventory.Kinds() {
				kinds = append(kinds, k.Name)
			}
			switch {
			case len(args) == 0:
				return &usageError{fmt.Errorf("get takes one of %s", strings.Join(kinds, ", "))}
			case len(args) > 2:
				return &usageError{fmt.Errorf("get takes one name, got %d", len(args)-1)}
			case inventory.KindOf(args[0]) == nil:
				return &usageError{fmt.Errorf("there is no kind %q%s: use %s", args[0], nearest.Hint(args[0], kinds), strings.Join(kinds, ", "))}
			}
			return nil
		},
		ValidArgsFunction: f.complete(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := ""
			if len(args) > 1 {
				name = args[1]
			}
			return f.run(cmd, env, inventory.KindOf(args[0]), name)
		},
	}
	f.addGet(cmd)
	return cmd
}

// addGet adds the flags to a command.
func (f *getFlags) addGet(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVarP(&f.output, "output", "o", "table", "print as `FORMAT`: table, wide, json or yaml")
	fs.BoolVarP(&f.watch, "watch", "w", false, "go on and print what changes")
	f.add(fs)
	completions := f.completions()
	completions["output"] = completeFormat
	completeFlags(cmd, completions)
}

func (f *getFlags) run(cmd *cobra.Command, env *Env, k *inventory.Kind, name string) error {
	ctx := cmd.Context()
	format, err := show.ParseFormat(f.output)
	if err != nil {
		return &usageError{err}
	}
	s, err := f.open(ctx, env, cmd.Flags())
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	if f.watch {
		return watchRows(ctx, env.Stdout, s, k, name, format)
	}
	inv, err := s.Load(ctx, k)
	if err != nil {
		return err
	}
	rows := k.Rows(inv, time.Now())
	if name != "" {
		if rows = selected(k, rows, name); len(rows) == 0 {
			return notFound(k, k.Rows(inv, time.Now()), name)
		}
	}
	if len(rows) == 0 && (format == show.FormatTable || format == show.FormatWide) {
		fmt.Fprintf(env.Stderr, "lattice %q has no %s\n", s.name, cmp.Or(k.Things, k.Name))
		return nil
	}
	return writeRows(env.Stdout, k, rows, format, name != "")
}

// selected returns the rows of a name: those with the name in the first column,
// or else those whose key is the name or, for hosts, begins with it.
func selected(k *inventory.Kind, rows []show.Row, name string) []show.Row {
	var out []show.Row
	for _, r := range rows {
		if r.Cells[0] == name || r.Key == name {
			out = append(out, r)
		}
	}
	if len(out) > 0 || k.Name != "hosts" {
		return out
	}
	for _, r := range rows {
		if strings.HasPrefix(r.Key, name) {
			out = append(out, r)
		}
	}
	return out
}

func notFound(k *inventory.Kind, rows []show.Row, name string) error {
	var names []string
	for _, r := range rows {
		names = append(names, r.Cells[0])
	}
	return fmt.Errorf("%s %q: %w%s", k.Singular, name, lattice.ErrNotFound, nearest.Hint(name, names))
}

// writeRows writes rows; one that was asked for by name is a document and not a
// list of one.
func writeRows(w io.Writer, k *inventory.Kind, rows []show.Row, format show.Format, named bool) error {
	var v any
	docs := make([]any, len(rows))
	for i, r := range rows {
		docs[i] = r.Doc
	}
	v = docs
	if named && len(docs) == 1 {
		v = docs[0]
	}
	switch format {
	case show.FormatJSON:
		return show.JSON(w, v, false)
	case show.FormatYAML:
		return show.YAML(w, v)
	case show.FormatTable, show.FormatWide:
	}
	table := show.Table{Columns: k.Columns, Wide: format == show.FormatWide}
	return table.Write(w, rows)
}

// watchRows prints rows, and those that change, until ctx ends.
func watchRows(ctx context.Context, w io.Writer, s *session, k *inventory.Kind, name string, format show.Format) error {
	table := show.Table{Columns: k.Columns, Wide: format == show.FormatWide}
	last := map[string]show.Row{}
	first := true
	return s.Watch(ctx, k, func(inv *inventory.Inventory) error {
		rows := k.Rows(inv, time.Now())
		if name != "" {
			rows = selected(k, rows, name)
		}
		var news []show.Row
		for _, r := range rows {
			if old, ok := last[r.Key]; !ok || !show.Same(k.Columns, old, r) {
				news = append(news, r)
				last[r.Key] = r
			}
		}
		var gone []show.Row
		for key, r := range last {
			if !slices.ContainsFunc(rows, func(r show.Row) bool { return r.Key == key }) {
				gone = append(gone, r)
				delete(last, key)
			}
		}
		slices.SortFunc(gone, func(a, b show.Row) int { return strings.Compare(a.Key, b.Key) })
		head := first
		first = false
		switch format {
		case show.FormatJSON, show.FormatYAML:
			return writeChanges(w, news, gone, format)
		case show.FormatTable, show.FormatWide:
		}
		table.Fit(news)
		if head {
			if err := table.Head(w); err != nil {
				return err
			}
		}
		for _, r := range news {
			if err := table.Row(w, r); err != nil {
				return err
			}
		}
		for _, r := range gone {
			if _, err := fmt.Fprintf(w, "%s  (gone)\n", show.Text(r.Cells[0])); err != nil {
				return err
			}
		}
		return nil
	})
}

// deletion is what programs are told of something that is gone.
type deletion struct {
	Deleted string `json:"deleted"`
}

func writeChanges(w io.Writer, news, gone []show.Row, format show.Format) error {
	docs := make([]any, 0, len(news)+len(gone))
	for _, r := range news {
		docs = append(docs, r.Doc)
	}
	for _, r := range gone {
		docs = append(docs, deletion{r.Key})
	}
	for _, d := range docs {
		var err error
		if format == show.FormatYAML {
			if _, err = io.WriteString(w, "---\n"); err == nil {
				err = show.YAML(w, d)
			}
		} else {
			err = show.JSON(w, d, true)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
