package guide

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// What the info string of a bash block may say after the language.
const (
	elsewhere = "dry-run" // it is for the reader's own cluster
	fails     = "fails"   // at least one of its commands fails
)

// The languages of blocks. Others would let commands or outputs pass by unchecked.
const (
	bash   = "bash"
	output = "text"
)

// quiet are the languages of blocks that are neither run nor compared.
var quiet = []string{"mermaid", "yaml", "go"}

// Guide is a Markdown file that can be followed.
type Guide struct {
	File   string
	Source []byte
	Steps  []Step
}

// Step is a block of commands and what it prints.
type Step struct {
	Commands Block
	Output   *Block // nil where the guide does not say
	DryRun   bool
	Fails    bool
}

// Block is the content of a fenced code block.
type Block struct {
	Text  string
	Line  int // of its first line in the file, from 1
	start int // offsets of the content in the file
	stop  int
}

// Read reads a guide. The name is the one that messages use.
func Read(path, name string) (*Guide, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(name, source)
}

// Parse parses a guide.
func Parse(name string, source []byte) (*Guide, error) {
	g := &Guide{File: name, Source: source}
	document := goldmark.DefaultParser().Parse(text.NewReader(source))
	err := ast.Walk(document, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch node := node.(type) {
		case *ast.CodeBlock:
			return ast.WalkStop, fmt.Errorf("%s:%d: an indented code block: fence it, so that its language is known", name, g.line(node.Lines().At(0).Start))
		case *ast.FencedCodeBlock:
			return ast.WalkContinue, g.add(node)
		}
		return ast.WalkContinue, nil
	})
	return g, err
}

func (g *Guide) add(node *ast.FencedCodeBlock) error {
	language := string(node.Language(g.Source))
	if slices.Contains(quiet, language) {
		return nil
	}
	block, err := g.block(node)
	if err != nil {
		return err
	}
	more := words(node, g.Source)
	for _, word := range more {
		if language != bash || word != elsewhere && word != fails {
			return fmt.Errorf("%s:%d: a block of the language %q says %q: only those of the language %q may say more, %q or %q",
				g.File, block.Line, language, word, bash, elsewhere, fails)
		}
	}
	switch language {
	case bash:
		g.Steps = append(g.Steps, Step{Commands: block, DryRun: IsDryRun(node, g.Source), Fails: slices.Contains(more, fails)})
	case output:
		if len(g.Steps) == 0 || g.Steps[len(g.Steps)-1].Output != nil {
			return fmt.Errorf("%s:%d: no commands above print this", g.File, block.Line)
		}
		g.Steps[len(g.Steps)-1].Output = &block
	default:
		return fmt.Errorf("%s:%d: a block of the language %q: use %q for commands, %q for their output, and %s for what is only shown",
			g.File, block.Line, language, bash, output, strings.Join(quiet, ", "))
	}
	return nil
}

func (g *Guide) block(node *ast.FencedCodeBlock) (Block, error) {
	lines := node.Lines()
	if lines.Len() == 0 || node.Parent().Kind() != ast.KindDocument {
		at := node.Pos()
		if node.Info != nil {
			at = node.Info.Segment.Start
		}
		return Block{}, fmt.Errorf("%s:%d: a code block that is empty or inside a list or quotation cannot be followed", g.File, g.line(at))
	}
	start, stop := lines.At(0).Start, lines.At(lines.Len()-1).Stop
	return Block{Text: string(g.Source[start:stop]), Line: g.line(start), start: start, stop: stop}, nil
}

// IsDryRun tells whether a block is for the reader's own cluster, and not for the test's.
func IsDryRun(block *ast.FencedCodeBlock, source []byte) bool {
	return slices.Contains(words(block, source), elsewhere)
}

// words returns what the info string of a block says after the language.
func words(block *ast.FencedCodeBlock, source []byte) []string {
	if block.Info == nil {
		return nil
	}
	return strings.Fields(string(block.Info.Value(source)))[1:]
}

func (g *Guide) line(offset int) int { return 1 + bytes.Count(g.Source[:offset], []byte("\n")) }
