package docslint

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// docsShell is a piece of bash, taken apart.
type docsShell struct {
	commands  []docsCommand
	variables []docsVariable // that it reads, or sets for one command
	assigned  []string       // variables that it sets
	documents []string       // here-documents
}

// docsCommand is a program with its arguments, without quotes. What only a shell could know stands
// there as it is written: $node.
type docsCommand struct {
	words     []string
	line      int
	elsewhere bool // not for the test's cluster
	inline    bool // in a sentence, which may leave out what it has said already
}

type docsVariable struct {
	name string
	line int
}

// docsParse takes bash apart that begins in a line of a page.
func docsParse(code docsCode, inline bool) (docsShell, error) {
	var shell docsShell
	file, err := syntax.NewParser().Parse(strings.NewReader(code.text), "")
	if err != nil {
		return shell, err
	}
	line := func(node syntax.Node) int { return code.line - 1 + int(node.Pos().Line()) }
	syntax.Walk(file, func(node syntax.Node) bool {
		switch node := node.(type) {
		case *syntax.CallExpr:
			for _, assign := range node.Assigns {
				if len(node.Args) == 0 {
					shell.assigned = append(shell.assigned, assign.Name.Value)
				} else {
					shell.variables = append(shell.variables, docsVariable{assign.Name.Value, line(assign)})
				}
			}
			if len(node.Args) > 0 {
				command := docsCommand{line: line(node), elsewhere: code.elsewhere, inline: inline}
				for _, word := range node.Args {
					command.words = append(command.words, docsWord(code.text, word.Parts))
				}
				shell.commands = append(shell.commands, command)
			}
		case *syntax.DeclClause: // export
			for _, assign := range node.Args {
				shell.assigned = append(shell.assigned, assign.Name.Value)
			}
		case *syntax.WordIter: // for
			shell.assigned = append(shell.assigned, node.Name.Value)
		case *syntax.ParamExp:
			if syntax.ValidName(node.Param.Value) { // and not $!
				shell.variables = append(shell.variables, docsVariable{node.Param.Value, line(node)})
			}
		case *syntax.Redirect:
			if node.Hdoc != nil {
				shell.documents = append(shell.documents, docsWord(code.text, node.Hdoc.Parts))
			}
		}
		return true
	})
	return shell, nil
}

func docsWord(source string, parts []syntax.WordPart) string {
	var word strings.Builder
	for _, part := range parts {
		switch part := part.(type) {
		case *syntax.Lit:
			word.WriteString(part.Value)
		case *syntax.SglQuoted:
			word.WriteString(part.Value)
		case *syntax.DblQuoted:
			word.WriteString(docsWord(source, part.Parts))
		default:
			word.WriteString(source[part.Pos().Offset():part.End().Offset()])
		}
	}
	return word.String()
}

// docsTakeValue are flags in the docs whose value is the word after them.
var docsTakeValue = []string{"-n", "-l", "-c", "-o", "-f", "-p", "--namespace", "--selector", "--container", "--as", "--set", "--set-json", "--set-string",
	"--raw", "--values", "-spiffeID", "-run"}

// split tells the operands of a command from its flags, which keep their values: "-n agentcube" is
// one.
func (c docsCommand) split() (operands, flags []string) {
	for rest := c.words[1:]; len(rest) > 0; rest = rest[1:] {
		switch {
		case rest[0] == "--":
			return operands, flags
		case !strings.HasPrefix(rest[0], "-") || rest[0] == "-":
			operands = append(operands, rest[0])
		case slices.Contains(docsTakeValue, rest[0]) && len(rest) > 1:
			flags = append(flags, rest[0]+" "+rest[1])
			rest = rest[1:]
		default:
			flags = append(flags, rest[0])
		}
	}
	return operands, flags
}

// docsFlagValue splits what split returns for a flag.
func docsFlagValue(flag string) (name, value string) {
	if name, value, apart := strings.Cut(flag, " "); apart {
		return name, value
	}
	name, value, _ = strings.Cut(flag, "=")
	return name, value
}

// within is the command that a command runs elsewhere: what follows "--".
func (c docsCommand) within() (docsCommand, bool) {
	at := slices.Index(c.words, "--")
	if at < 0 || at == len(c.words)-1 {
		return c, false
	}
	c.words = c.words[at+1:]
	return c, true
}
