package show

import (
	"io"
	"strings"
	"unicode/utf8"
)

// Column is a column of a table.
type Column struct {
	Name string
	// Wide columns are shown only if there is room.
	Wide bool
	// Live columns change all the time: a change of theirs alone is no news.
	Live bool
}

// Row is a row of a table, and the document of which it shows some.
type Row struct {
	Key   string // by which a row is found again
	Cells []string
	Doc   any
}

// Table writes columns and rows, and has them begin at the same place.
type Table struct {
	Columns []Column
	Wide    bool
	widths  []int
}

// gap is between columns.
const gap = "  "

// Head writes the names of the columns.
func (t *Table) Head(w io.Writer) error {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return t.line(w, names)
}

// Fit makes the columns wide enough for rows. Rows that come later may be wider.
func (t *Table) Fit(rows []Row) {
	if t.widths == nil {
		t.widths = make([]int, len(t.Columns))
		for i, c := range t.Columns {
			t.widths[i] = utf8.RuneCountInString(c.Name)
		}
	}
	for _, r := range rows {
		for i, cell := range r.Cells {
			t.widths[i] = max(t.widths[i], utf8.RuneCountInString(cell))
		}
	}
}

// Row writes a row.
func (t *Table) Row(w io.Writer, r Row) error { return t.line(w, r.Cells) }

func (t *Table) line(w io.Writer, cells []string) error {
	var b strings.Builder
	for i, cell := range cells {
		if t.Columns[i].Wide && !t.Wide {
			continue
		}
		cell = Text(cell)
		b.WriteString(cell)
		if pad := t.widths[i] - utf8.RuneCountInString(cell); pad > 0 {
			b.WriteString(strings.Repeat(" ", pad))
		}
		b.WriteString(gap)
	}
	_, err := io.WriteString(w, strings.TrimRight(b.String(), " ")+"\n")
	return err
}

// Write writes a whole table.
func (t *Table) Write(w io.Writer, rows []Row) error {
	t.Fit(rows)
	if err := t.Head(w); err != nil {
		return err
	}
	for _, r := range rows {
		if err := t.Row(w, r); err != nil {
			return err
		}
	}
	return nil
}

// Same reports whether two rows of a table show the same, live columns aside.
func Same(columns []Column, a, b Row) bool {
	for i, c := range columns {
		if !c.Live && a.Cells[i] != b.Cells[i] {
			return false
		}
	}
	return true
}
