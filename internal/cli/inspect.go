package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/wit/syntax"
)

// inspectCommand is wattle component inspect.
func inspectCommand(env *Env) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "inspect FILE|IMAGE",
		Short: "Show what a component is made of, imports and exports",
		Long: "Show what a component is made of, the world it was built for, which of its\n" +
			"imports Wattle serves, and the links that it needs on a lattice. Nothing of the\n" +
			"component runs.",
		Example: "  wattle component inspect hello.wasm\n  wattle component inspect ghcr.io/acme/shop:1.0.0\n  wattle component inspect -o json hello.wasm",
		Args:    oneFile,

		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			in, err := inspect(cmd.Context(), env, args[0])
			if err != nil {
				return err
			}
			if output == "json" {
				return in.writeJSON(env.Stdout)
			}
			_, err = io.WriteString(env.Stdout, in.text())
			return err
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "print as `FORMAT`: text or json")
	completeFlags(cmd, map[string]cobra.CompletionFunc{"output": completeOutput})
	return cmd
}

// inspection is what wattle component inspect shows, and its JSON form.
type inspection struct {
	File string `json:"file"`
	*component.Description
	// Services says which imports this host serves, and what opens them.
	Services []service `json:"services"`
	// Links are those that it needs on a lattice.
	Links []*neededLink `json:"links"`
	// WIT is the world as text, empty if it has none.
	WIT string `json:"wit,omitempty"`
}

// service is a Service, and the flag of `wattle run` without which it is of
// little use.
type service struct {
	component.Service
	OpenedBy string `json:"openedBy,omitempty"`
}

func inspect(ctx context.Context, env *Env, file string) (*inspection, error) {
	p, err := openProgram(ctx, env, file)
	if err != nil {
		return nil, err
	}
	l, err := newLinker()
	if err != nil {
		return nil, err
	}
	in := &inspection{File: file, Description: p.about, Services: []service{}}
	for _, s := range p.about.Services(l) {
		x := service{Service: s}
		if g := gateOf(s.Import); g != nil {
			x.OpenedBy = g.flag
		}
		in.Services = append(in.Services, x)
	}
	var imports []string
	for i := range in.Services {
		imports = append(imports, in.Services[i].Import)
	}
	in.Links = neededLinks(file, imports)
	if w := p.about.World; w != nil {
		in.WIT = syntax.Print(w.Packages()...)
	}
	return in, nil
}

func (in *inspection) writeJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(in)
}

// text returns the inspection for a person. Names that come out of the file are
// quoted unless they are known to be plain: a terminal obeys some characters.
func (in *inspection) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: component, %s, %s, %s inside\n", in.File, formatSize(uint64(in.Size)),
		count(len(in.Modules), "core module"), count(in.Components, "component"))
	for _, p := range in.Producers {
		fmt.Fprintln(&b, strings.TrimRight(plain(p.Field)+": "+plain(p.Name)+" "+plain(p.Version), " "))
	}
	in.writeModules(&b)
	in.writeServices(&b)
	in.writeLinks(&b)
	if in.WorldError != "" {
		fmt.Fprintf(&b, "\nno world: %s\n", in.WorldError)
	} else {
		fmt.Fprintf(&b, "\n%s", in.WIT)
	}
	for _, n := range in.Notes {
		fmt.Fprintf(&b, "\nnote: %s\n", printable(n))
	}
	return b.String()
}

func (in *inspection) writeModules(b *strings.Builder) {
	if len(in.Modules) == 0 {
		return
	}
	b.WriteByte('\n')
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "CORE MODULE\tSIZE\tFUNCTIONS\tCODE\tDATA\tMEMORY\tTABLE\tFEATURES")
	for i, m := range in.Modules {
		name := strconv.Itoa(i)
		if m.Name != "" {
			name += " " + plain(m.Name)
		}
		if m.Error != "" {
			fmt.Fprintf(t, "%s\t%s\t%s\n", name, formatSize(uint64(m.Size)), m.Error)
			continue
		}
		fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s\n", name, formatSize(uint64(m.Size)), m.Functions,
			formatSize(uint64(m.CodeBytes)), formatSize(uint64(m.DataBytes)),
			limits(m.Memories, formatSize), limits(m.Tables, func(n uint64) string { return strconv.FormatUint(n, 10) }),
			cmp.Or(features(&m), "-"))
	}
	t.Flush() //nolint:errcheck // a Builder does not fail
}

// features lists the features of a module, and marks those that do not exist here.
func features(m *component.ModuleDescription) string {
	list := slices.Clone(m.Features)
	for i, f := range list {
		if slices.Contains(m.Unsupported, f) {
			list[i] += " (not supported)"
		}
	}
	return strings.Join(list, " ")
}

// limits prints the sizes of memories or tables: least and, if set, most.
func limits(all []component.LimitsDescription, format func(uint64) string) string {
	if len(all) == 0 {
		return "-"
	}
	parts := make([]string, len(all))
	for i, l := range all {
		parts[i] = format(l.Min)
		if l.Max == nil {
			parts[i] += "…"
		} else if *l.Max != l.Min {
			parts[i] += "…" + format(*l.Max)
		}
	}
	return strings.Join(parts, ", ")
}

func (in *inspection) writeServices(b *strings.Builder) {
	if len(in.Services) == 0 {
		return
	}
	b.WriteByte('\n')
	width := len("IMPORT")
	for _, s := range in.Services {
		width = max(width, len(plain(s.Import)))
	}
	fmt.Fprintf(b, "%-*s  SERVED\n", width, "IMPORT")
	for _, s := range in.Services {
		how := "no"
		switch {
		case s.Served && s.By == "":
			how = "needs nobody"
		case s.Served:
			how = "by wattle"
			if _, version, _ := strings.Cut(s.By, "@"); s.By != s.Import {
				how += ", as " + version
			}
			if g := gateOf(s.Import); g != nil {
				how += "; " + g.without()
			}
		case len(s.Reasons) == 1:
			how += ": " + printable(s.Reasons[0])
		}
		fmt.Fprintf(b, "%-*s  %s\n", width, plain(s.Import), how)
		if len(s.Reasons) > 1 {
			for _, r := range s.Reasons {
				fmt.Fprintf(b, "%-*s    %s\n", width, "", printable(r))
			}
		}
	}
}

// plain returns s, quoted if it contains anything but printable characters.
func plain(s string) string {
	if q := strconv.Quote(s); q != `"`+s+`"` {
		return q
	}
	return s
}

// count prints a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// worldText returns the world of a component as WIT, without the interfaces that
// it names, or why there is none.
func worldText(d *component.Description) string {
	if d.World == nil {
		return "// " + d.WorldError + "\n"
	}
	return syntax.PrintWorld(d.World)
}
