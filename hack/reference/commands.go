package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

const (
	commandsSource = "internal/cli"
	commandsFolder = "docs/reference/cli"
	commandsIndex  = "README.md"
)

// commandPages are the pages of all commands below root, and their index, by path. No page has a date.
func commandPages(root *cobra.Command) (map[string][]byte, error) {
	root.DisableAutoGenTag = true
	pages, index := map[string][]byte{}, commandsHead(root)
	for _, c := range commandsBelow(root) {
		page := &bytes.Buffer{}
		if err := doc.GenMarkdownCustom(c, page, func(link string) string { return pageName(root, link) }); err != nil {
			return nil, fmt.Errorf("writing the page of %s: %w", c.CommandPath(), err)
		}
		name := pageName(root, linkTo(c))
		pages[filepath.Join(commandsFolder, name)] = withTitle(page.Bytes())
		fmt.Fprintf(index, "| [%s](%s) | %s |\n", c.CommandPath(), name, cell(c.Short))
	}
	fmt.Fprintf(index, "\n## Flags of all commands\n\n```\n%s```\n", root.PersistentFlags().FlagUsages())
	pages[filepath.Join(commandsFolder, commandsIndex)] = index.Bytes()
	return pages, nil
}

func commandsHead(root *cobra.Command) *bytes.Buffer {
	page := &bytes.Buffer{}
	fmt.Fprintf(page, "# Commands of %s\n\n%s\n\n[Use the kubectl plugin](../../how-to/use-the-kubectl-plugin.md) shows them at work.\n", root.CommandPath(), root.Long)
	fmt.Fprintf(page, "`make docs` writes this page and those of the commands from [%s](../../../%s).\n\n| command | does |\n|---|---|\n", commandsSource, commandsSource)
	return page
}

// commandsBelow returns the commands of a tree without its root, as their help lists them.
func commandsBelow(root *cobra.Command) []*cobra.Command {
	var all []*cobra.Command
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			all = append(append(all, c), commandsBelow(c)...)
		}
	}
	return all
}

// linkTo is how package doc links to the page of a command.
func linkTo(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "_") + ".md" }

// pageName turns a link of package doc, such as kubectl_msvc_set_image.md, into the name of the page, set-image.md. That of the root is
// the index.
func pageName(root *cobra.Command, link string) string {
	if link == linkTo(root) {
		return commandsIndex
	}
	return strings.ReplaceAll(strings.TrimPrefix(link, strings.TrimSuffix(linkTo(root), ".md")+"_"), "_", "-")
}

var heading = regexp.MustCompile(`(?m)^#(#+ )`)

// withTitle raises the headings by one, so that the page has a title, and ends it with one line feed.
func withTitle(page []byte) []byte {
	return append(bytes.TrimSpace(heading.ReplaceAll(page, []byte("$1"))), '\n')
}
