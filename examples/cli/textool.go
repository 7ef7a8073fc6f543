package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Exit codes, as grep has them.
const (
	exitOK      = 0
	exitNothing = 1
	exitTrouble = 2
)

const usage = `usage: textool grep [-i] [-n] [-v] PATTERN [FILE...]
       textool wc [FILE...]

grep prints the lines that match a regular expression (RE2 syntax).
wc counts lines, words and bytes. Both read standard input when no
file is named. TEXTOOL_OPTIONS holds options that come first.
`

// tool is one run of the program.
type tool struct {
	stdin          io.Reader
	stdout, stderr *bufio.Writer
	failed         bool
}

// textool runs the command line and returns its exit code.
func textool(args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	t := &tool{stdin: stdin, stdout: bufio.NewWriter(stdout), stderr: bufio.NewWriter(stderr)}
	defer t.stderr.Flush()
	code := t.dispatch(args[min(1, len(args)):], strings.Fields(getenv("TEXTOOL_OPTIONS")))
	if err := t.stdout.Flush(); err != nil {
		t.complain(err)
	}
	if t.failed {
		return exitTrouble
	}
	return code
}

// dispatch runs the subcommand; options stand before its own arguments.
func (t *tool) dispatch(args, options []string) int {
	if len(args) > 0 {
		rest := append(options, args[1:]...)
		switch args[0] {
		case "grep":
			return t.grep(rest)
		case "wc":
			return t.wc(args[1:])
		}
	}
	t.stderr.WriteString(usage)
	return exitTrouble
}

// complain reports an error and makes the exit code say so.
func (t *tool) complain(err error) {
	fmt.Fprintf(t.stderr, "textool: %v\n", err)
	t.failed = true
}

// each calls f with every named file, or with standard input if there is none.
// Trouble with one file does not keep the others from being read.
func (t *tool) each(files []string, f func(name string, r io.Reader) error) {
	if len(files) == 0 {
		if err := f("-", t.stdin); err != nil {
			t.complain(err)
		}
	}
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			t.complain(err)
			continue
		}
		if err := errors.Join(f(name, file), file.Close()); err != nil {
			t.complain(err)
		}
	}
}

// grep prints matching lines.
func (t *tool) grep(args []string) int {
	var ignoreCase, number, invert bool
	for len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' {
		option := args[0]
		args = args[1:]
		if option == "--" {
			break
		}
		switch option {
		case "-i":
			ignoreCase = true
		case "-n":
			number = true
		case "-v":
			invert = true
		default:
			t.complain(fmt.Errorf("unknown option %q", option))
			return exitTrouble
		}
	}
	if len(args) == 0 {
		t.stderr.WriteString(usage)
		return exitTrouble
	}
	pattern := args[0]
	if ignoreCase {
		pattern = "(?i)" + pattern
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		t.complain(err)
		return exitTrouble
	}
	files := args[1:]
	found := false
	t.each(files, func(name string, r io.Reader) error {
		lines := bufio.NewReader(r)
		for i := 1; ; i++ {
			line, err := lines.ReadString('\n')
			text := strings.TrimSuffix(line, "\n")
			if line != "" && re.MatchString(text) != invert {
				found = true
				if len(files) > 1 {
					fmt.Fprintf(t.stdout, "%s:", name)
				}
				if number {
					fmt.Fprintf(t.stdout, "%d:", i)
				}
				fmt.Fprintln(t.stdout, text)
			}
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
		}
	})
	if !found {
		return exitNothing
	}
	return exitOK
}

// counts are what wc counts.
type counts struct {
	lines, words, bytes int
}

// wc prints counts per file, and a total for several.
func (t *tool) wc(files []string) int {
	var total counts
	t.each(files, func(name string, r io.Reader) error {
		c, err := count(r)
		if err != nil {
			return err
		}
		t.print(c, name)
		total.lines += c.lines
		total.words += c.words
		total.bytes += c.bytes
		return nil
	})
	if len(files) > 1 {
		t.print(total, "total")
	}
	return exitOK
}

// print prints one line of wc's output.
func (t *tool) print(c counts, name string) {
	fmt.Fprintf(t.stdout, "%8d%8d%8d %s\n", c.lines, c.words, c.bytes, name)
}

// count reads r to its end.
func count(r io.Reader) (counts, error) {
	var c counts
	inWord := false
	text := bufio.NewReader(r)
	for {
		char, size, err := text.ReadRune()
		if err == io.EOF {
			return c, nil
		}
		if err != nil {
			return c, err
		}
		c.bytes += size
		if char == '\n' {
			c.lines++
		}
		space := unicode.IsSpace(char) && char != utf8.RuneError
		if !space && !inWord {
			c.words++
		}
		inWord = !space
	}
}
