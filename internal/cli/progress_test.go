package cli

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
)

// screen is what a terminal of so many columns shows. It knows the carriage return and the line feed, and nothing else moves its cursor:
// that is what every console can.
type screen struct {
	columns int
	lines   [][]rune
	column  int
	unknown []rune
}

// Write implements io.Writer.
func (s *screen) Write(text []byte) (int, error) {
	for _, r := range string(text) {
		switch {
		case r == '\r':
			s.column = 0
		case r == '\n':
			s.lines, s.column = append(s.lines, nil), 0
		case unicode.IsControl(r):
			s.unknown = append(s.unknown, r)
		default:
			s.put(r)
		}
	}
	return len(text), nil
}

// put takes two columns for what is wide, of which the second is 0, and wraps.
func (s *screen) put(r rune) {
	cells := []rune{r}
	if unicode.Is(unicode.Han, r) {
		cells = []rune{r, 0}
	}
	if len(s.lines) == 0 || s.column+len(cells) > s.columns {
		s.lines, s.column = append(s.lines, nil), 0
	}
	last := len(s.lines) - 1
	for _, cell := range cells {
		if s.column == len(s.lines[last]) {
			s.lines[last] = append(s.lines[last], ' ')
		}
		s.lines[last][s.column] = cell
		s.column++
	}
}

func (s *screen) String() string {
	var all []string
	for _, line := range s.lines {
		text := strings.TrimRight(string(slices.DeleteFunc(slices.Clone(line), func(r rune) bool { return r == 0 })), " ")
		all = append(all, text)
	}
	return strings.Join(all, "\n")
}

func TestProgressLine(t *testing.T) {
	at := time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		words []string
		// after are what a terminal of 30 columns shows after each of them, and at the end.
		after []string
		// file is what a file gets.
		file string
	}{
		"a shorter line leaves nothing of the longer one": {
			words: []string{"1 of 2 available", "Ready"},
			after: []string{"10:00:00  1 of 2 available", "10:00:01  Ready", "10:00:01  Ready\n"},
			file:  "10:00:00  1 of 2 available\n10:00:01  Ready\n",
		},
		"the same words are shown once": {
			words: []string{"Ready", "Ready"},
			after: []string{"10:00:00  Ready", "10:00:00  Ready", "10:00:00  Ready\n"},
			file:  "10:00:00  Ready\n",
		},
		"a line that does not fit is cut, and whole in the end": {
			words: []string{"ImagePullFailed  not found", "CrashLooping  exit code 1 of app"},
			after: []string{"10:00:00  ImagePullFailed  no", "10:00:01  CrashLooping  exit", "10:00:01  CrashLooping  exit c\node 1 of app\n"},
			file:  "10:00:00  ImagePullFailed  not found\n10:00:01  CrashLooping  exit code 1 of app\n",
		},
		"wide characters take two columns": {
			words: []string{"漢字漢字漢字漢字漢字漢字", "Ready"},
			after: []string{"10:00:00  漢字漢字漢字漢字漢", "10:00:01  Ready", "10:00:01  Ready\n"},
			file:  "10:00:00  漢字漢字漢字漢字漢字漢字\n10:00:01  Ready\n",
		},
		"what moves the cursor becomes a space": {
			words: []string{"a\nb\tc\x1b[2J"},
			after: []string{"10:00:00  a b c [2J", "10:00:00  a b c [2J\n"},
			file:  "10:00:00  a\nb\tc\x1b[2J\n",
		},
		"nothing was shown": {after: []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			terminal, file := &screen{columns: 30}, &bytes.Buffer{}
			drawn, written := newProgressLine(terminal), newProgressLine(file)
			drawn.columns = func() int { return terminal.columns }
			for i, words := range tc.words {
				now := at.Add(time.Duration(i) * time.Second)
				drawn.show(now, words)
				written.show(now, words)
				if got := terminal.String(); got != tc.after[i] {
					t.Errorf("after %q the terminal shows\n%s\nwant\n%s", words, got, tc.after[i])
				}
			}
			drawn.end()
			written.end()
			if got := terminal.String(); got != tc.after[len(tc.words)] {
				t.Errorf("in the end the terminal shows\n%s\nwant\n%s", got, tc.after[len(tc.words)])
			}
			if file.String() != tc.file {
				t.Errorf("the file has\n%s\nwant\n%s", file, tc.file)
			}
			if len(terminal.unknown) > 0 {
				t.Errorf("a console may not understand %q", terminal.unknown)
			}
		})
	}
}

// A terminal that becomes narrower, or goes away, gets what fits.
func TestProgressLineFollowsTheTerminal(t *testing.T) {
	out := &bytes.Buffer{}
	columns := 30
	p := newProgressLine(out)
	p.columns = func() int { return columns }
	p.show(time.Time{}, "1234567890")
	columns = 20
	p.show(time.Time{}, "123456789012345")
	columns = 0
	p.show(time.Time{}, "Ready")
	p.end()
	want := "\r00:00:00  1234567890" + "\r00:00:00  123456789" + "\r00:00:00  123456789012345\n" + "00:00:00  Ready\n"
	if got := out.String(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// Only a terminal is drawn on again, and not every one. Windows sets no TERM.
func TestColumns(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _, _ = file.Close(), read.Close(), write.Close() })
	for name, out := range map[string]io.Writer{"a file": file, "a pipe": write, "a buffer": &bytes.Buffer{}} {
		if columns := columnsOf(out); columns != 0 {
			t.Errorf("%s has %d columns", name, columns)
		}
	}
	for _, tc := range []struct {
		columns  int
		terminal string
		want     int
	}{{80, "xterm", 80}, {80, "", 80}, {80, "dumb", 0}, {20, "xterm", 20}, {19, "xterm", 0}, {0, "xterm", 0}} {
		if got := usableColumns(tc.columns, tc.terminal); got != tc.want {
			t.Errorf("%d columns of %q: %d can be used, want %d", tc.columns, tc.terminal, got, tc.want)
		}
	}
}
