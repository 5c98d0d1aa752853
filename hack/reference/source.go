package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"strings"
)

// group is one block of constants: a condition and its reasons.
type group struct {
	title string
	words []word
}

// word is a constant: the type of a condition, or a reason.
type word struct {
	constant, value, meaning string
}

func (w word) isCondition() bool { return strings.HasPrefix(w.constant, "Condition") }

// readGroups reads the blocks of constants of a file. Every constant needs a comment.
func readGroups(path string) ([]group, error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
	if err != nil {
		return nil, fmt.Errorf("parsing %s: %w", path, err)
	}
	var groups []group
	for _, declaration := range file.Decls {
		block, ok := declaration.(*ast.GenDecl)
		if !ok || block.Tok != token.CONST {
			continue
		}
		g := group{title: paragraph(block.Doc.Text())}
		for _, spec := range block.Specs {
			w, err := readWord(spec.(*ast.ValueSpec)) // a block of constants has nothing else
			if err != nil {
				return nil, fmt.Errorf("reading %s: %w", path, err)
			}
			g.words = append(g.words, w)
		}
		groups = append(groups, g)
	}
	if len(groups) == 0 {
		return nil, fmt.Errorf("%s has no constants", path)
	}
	return spoken(groups), nil
}

func readWord(spec *ast.ValueSpec) (word, error) {
	name := spec.Names[0].Name
	literal, ok := spec.Values[0].(*ast.BasicLit)
	if !ok || spec.Doc == nil {
		return word{}, fmt.Errorf("%s has no value or no comment", name)
	}
	value, err := strconv.Unquote(literal.Value)
	if err != nil {
		return word{}, fmt.Errorf("reading the value of %s: %w", name, err)
	}
	return word{constant: name, value: value, meaning: strings.TrimPrefix(paragraph(spec.Doc.Text()), name+": ")}, nil
}

// spoken replaces the names of constants in the comments by their values.
func spoken(groups []group) []group {
	values := map[string]string{}
	for _, g := range groups {
		for _, w := range g.words {
			values[w.constant] = "`" + w.value + "`"
		}
	}
	constant := regexp.MustCompile(`\b(Condition|Reason)[A-Z]\w*`)
	speak := func(text string) string {
		return constant.ReplaceAllStringFunc(text, func(name string) string {
			if value, known := values[name]; known {
				return value
			}
			return name
		})
	}
	for i := range groups {
		groups[i].title = speak(groups[i].title)
		for j := range groups[i].words {
			groups[i].words[j].meaning = speak(groups[i].words[j].meaning)
		}
	}
	return groups
}

func paragraph(text string) string { return strings.Join(strings.Fields(text), " ") }

// readNormalReasons are the reasons that the function eventType names: those that are no warning though Ready is False.
func readNormalReasons(path string) (map[string]bool, error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		return nil, fmt.Errorf("parsing %s: %w", path, err)
	}
	named := map[string]bool{}
	for _, declaration := range file.Decls {
		function, ok := declaration.(*ast.FuncDecl)
		if !ok || function.Name.Name != "eventType" {
			continue
		}
		ast.Inspect(function, func(node ast.Node) bool {
			if selector, ok := node.(*ast.SelectorExpr); ok && strings.HasPrefix(selector.Sel.Name, "Reason") {
				named[selector.Sel.Name] = true
			}
			return true
		})
	}
	if len(named) == 0 {
		return nil, fmt.Errorf("%s has no function eventType that names reasons", path)
	}
	return named, nil
}
