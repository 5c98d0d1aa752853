package cli

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// Every command has what its help and its page need. Its examples are commands that exist, with flags that exist, and show it.
func TestCommandsAreDocumented(t *testing.T) {
	root := Commands()
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Short == "" || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: Short is %q, want a sentence without a period", c.CommandPath(), c.Short)
		}
		if !strings.HasPrefix(c.Example, "  "+root.CommandPath()+" ") || !strings.Contains(c.Example, c.CommandPath()+" ") {
			t.Errorf("%s: Example does not begin with %q and show the command:\n%s", c.CommandPath(), root.CommandPath(), c.Example)
		}
		for line := range strings.Lines(c.Example) {
			checkExample(t, root, line)
		}
		for _, child := range c.Commands() {
			walk(child)
		}
	}
	for _, c := range root.Commands() {
		if c.GroupID == "" {
			t.Errorf("%s is in no group of the help", c.CommandPath())
		}
		walk(c)
	}
}

// checkExample finds the plugin's command in a line of a shell, and parses its flags and arguments.
func checkExample(t *testing.T, root *cobra.Command, line string) {
	t.Helper()
	_, typed, found := strings.Cut(line, root.CommandPath()+" ")
	if !found {
		return // another program's
	}
	typed, _, _ = strings.Cut(typed, ">")
	typed, _, _ = strings.Cut(typed, "|")
	c, arguments, err := root.Find(strings.Fields(typed))
	if err == nil {
		err = c.ParseFlags(arguments)
	}
	if err == nil {
		err = c.ValidateArgs(c.Flags().Args())
	}
	if err != nil {
		t.Errorf("%s: %v", strings.TrimSpace(line), err)
	}
}
