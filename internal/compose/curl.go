package compose

import (
	"regexp"
	"slices"
	"strings"

	"github.com/mattn/go-shellwords"
	corev1 "k8s.io/api/core/v1"
)

// endOfCheck is what may follow the call in a shell without changing what is checked: its output goes nowhere, and failure is failure.
var endOfCheck = regexp.MustCompile(`^\s*(?:[12]?&?>>?\s*(?:/dev/null|&[12])\s*)*(?:\|\|\s*(?:exit(?:\s+1)?|false)\s*;?\s*)?$`)

// shellWords returns the words of a shell command that is a single call, nil if it is more than that.
func shellWords(command string) []string {
	parser := shellwords.NewParser()
	words, err := parser.Parse(command)
	if err != nil {
		return nil
	}
	rest := ""
	if parser.Position >= 0 {
		rest = string([]rune(command)[parser.Position:])
	}
	if !endOfCheck.MatchString(rest) {
		return nil
	}
	return words
}

// call is one of curl or wget.
type call struct {
	address string
	headers []corev1.HTTPHeader
	fails   bool
}

// Flags of curl and wget that do not change what is asked, and those of them that take a value.
var (
	quietFlags = []string{
		"-f", "-s", "-S", "-L", "-k", "-q", "-I", "-i", "-v", "-nv", "-N", "-4", "--fail", "--fail-with-body", "--silent", "--show-error",
		"--location", "--insecure", "--head", "--quiet", "--spider", "--no-verbose", "--no-check-certificate", "--server-response",
	}
	valueFlags = []string{
		"-o", "-O", "-m", "-T", "-t", "--output", "--max-time", "--connect-timeout", "--retry", "--timeout", "--tries", "--output-document",
		"-H", "--header", "-X", "--request",
	}
)

// parseCall returns the call in words, or nil for another program and for flags that change what is asked.
func parseCall(words []string) *call {
	if len(words) == 0 {
		return nil
	}
	program := words[0][strings.LastIndex(words[0], "/")+1:]
	if program != "curl" && program != "wget" {
		return nil
	}
	c := &call{fails: program == "wget"}
	for rest := words[1:]; len(rest) > 0; {
		var ok bool
		if rest, ok = c.take(rest); !ok {
			return nil
		}
	}
	if c.address == "" {
		return nil
	}
	return c
}

// take takes the first word, with the next one if that is its value. It returns the words behind, and reports whether a probe can do
// the same.
func (c *call) take(words []string) ([]string, bool) {
	first, rest := words[0], words[1:]
	if !strings.HasPrefix(first, "-") {
		isFirst := c.address == ""
		c.address = first
		return rest, isFirst
	}
	name, value, hasValue := strings.Cut(first, "=")
	if !slices.Contains(valueFlags, name) {
		return rest, c.switches(first)
	}
	if !hasValue {
		if len(rest) == 0 {
			return nil, false
		}
		value, rest = rest[0], rest[1:]
	}
	return rest, c.flag(name, value)
}

// flag takes a flag with its value, and reports whether a probe can do the same.
func (c *call) flag(name, value string) bool {
	switch name {
	case "-X", "--request":
		return value == "GET"
	case "-H", "--header":
		key, text, found := strings.Cut(value, ":")
		c.headers = append(c.headers, corev1.HTTPHeader{Name: strings.TrimSpace(key), Value: strings.TrimSpace(text)})
		return found && !secretName.MatchString(key) && !strings.EqualFold(key, "authorization") && !strings.Contains(text, "$")
	}
	return true
}

// switches takes flags without a value, also joined ones such as -fsS and -qO-, and reports whether a probe can do the same.
func (c *call) switches(word string) bool {
	if slices.Contains(quietFlags, word) {
		c.fails = c.fails || strings.HasPrefix(word, "--fail") || word == "-f"
		return true
	}
	if strings.HasPrefix(word, "--") {
		return false
	}
	for i, letter := range word[1:] {
		if letter == 'O' || letter == 'o' || letter == 'm' || letter == 'T' || letter == 't' {
			return i+2 < len(word)
		}
		if !c.switchesOne("-" + string(letter)) {
			return false
		}
	}
	return true
}

func (c *call) switchesOne(flag string) bool {
	c.fails = c.fails || flag == "-f"
	return slices.Contains(quietFlags, flag)
}
