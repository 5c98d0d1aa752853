package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"

	"golang.org/x/term"
	"golang.org/x/text/width"
)

// progressLine shows what is being waited for: one line that is drawn again on a terminal, and one line for each change elsewhere, with
// the same words.
type progressLine struct {
	out io.Writer
	// columns returns the width of the terminal, 0 if there is none.
	columns func() int
	// words are the last ones, line is their line, and drawn is how many columns of it are on the terminal.
	words, line string
	drawn       int
}

// newProgressLine returns a line on out.
func newProgressLine(out io.Writer) *progressLine {
	return &progressLine{out: out, columns: func() int { return usableColumns(columnsOf(out), os.Getenv("TERM")) }}
}

// columnsOf returns the width of a terminal, 0 for anything else.
func columnsOf(out io.Writer) int {
	file, ok := out.(interface{ Fd() uintptr })
	if !ok {
		return 0
	}
	columns, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// minColumns is the width of the narrowest terminal on which a line is drawn again: below it, too little of the words would be seen.
const minColumns = 20

// usableColumns returns how many columns a line may take that is drawn again, 0 if it cannot be: on a narrow terminal, and on one whose
// TERM is dumb, as in editors.
func usableColumns(columns int, terminal string) int {
	if columns < minColumns || terminal == "dumb" {
		return 0
	}
	return columns
}

// show shows words if they are not those that it shows already.
func (p *progressLine) show(now time.Time, words string) {
	if words == p.words {
		return
	}
	columns := p.columns()
	if columns == 0 {
		p.end()
	}
	p.words, p.line = words, fmt.Sprintf("%s  %s", now.Format(time.TimeOnly), words)
	if columns == 0 {
		print(p.out, "%s\n", p.line)
		return
	}
	// The last column stays empty: consoles begin a new line when it is written.
	text, n := clip(p.line, columns-1)
	print(p.out, "\r%s%s", text, strings.Repeat(" ", max(min(p.drawn, columns-1)-n, 0)))
	p.drawn = n
}

// end leaves the last line on the terminal, now as a whole, and begins a new one.
func (p *progressLine) end() {
	if p.drawn > 0 {
		print(p.out, "\r%s\n", printable(p.line))
	}
	p.drawn = 0
}

// clip returns the beginning of a text that fits into so many columns, and how many it takes.
func clip(text string, columns int) (string, int) {
	n := 0
	text = printable(text)
	for i, r := range text {
		wide := 1
		if kind := width.LookupRune(r).Kind(); kind == width.EastAsianWide || kind == width.EastAsianFullwidth {
			wide = 2
		}
		if n+wide > columns {
			return text[:i], n
		}
		n += wide
	}
	return text, n
}

// printable replaces what would move the cursor.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}
