package docslint

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"agentcube-mtls/internal/guide"
)

// docsPage is a Markdown file, taken apart into what the linter looks at.
type docsPage struct {
	path   string // from the repository's root
	source string
	prose  []docsCode // inline code
	blocks []docsCode // fenced code, with its language
	links  []docsCode // destinations
	anchor map[string]bool
}

// docsCode is a piece of a page.
type docsCode struct {
	text     string
	line     int
	language string
	// elsewhere is set for commands that are not for the test's cluster
	elsewhere bool
}

// readDocs reads the pages in the root and in the charts' folders, and all of docs.
func readDocs(t testing.TB, root string) []*docsPage {
	t.Helper()
	paths := []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "charts/base/README.md", "charts/spire-crds/README.md"}
	require.NoError(t, filepath.WalkDir(filepath.Join(root, "docs"), func(path string, _ os.DirEntry, err error) error {
		if filepath.Ext(path) == ".md" {
			relative, _ := filepath.Rel(root, path)
			paths = append(paths, relative)
		}
		return err
	}))
	var pages []*docsPage
	for _, path := range paths {
		source, err := os.ReadFile(filepath.Join(root, path))
		require.NoError(t, err)
		pages = append(pages, parseDocs(path, source))
	}
	return pages
}

func parseDocs(path string, source []byte) *docsPage {
	page := &docsPage{path: path, source: string(source), anchor: map[string]bool{}}
	line := func(offset int) int { return 1 + bytes.Count(source[:offset], []byte("\n")) }
	markdown := goldmark.New(goldmark.WithExtensions(extension.Table), goldmark.WithParserOptions(parser.WithAutoHeadingID()))
	_ = ast.Walk(markdown.Parser().Parse(text.NewReader(source)), func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch node := node.(type) {
		case *ast.CodeSpan:
			first, ok := node.FirstChild().(*ast.Text)
			if ok {
				page.prose = append(page.prose, docsCode{text: docsText(node, source), line: line(first.Segment.Start)})
			}
		case *ast.FencedCodeBlock:
			if node.Lines().Len() > 0 {
				page.blocks = append(page.blocks, docsCode{
					text: string(node.Lines().Value(source)), line: line(node.Lines().At(0).Start), language: string(node.Language(source)),
					elsewhere: guide.IsDryRun(node, source),
				})
			}
		case *ast.Link:
			at := 0
			if first, ok := node.FirstChild().(*ast.Text); ok {
				at = first.Segment.Start
			}
			page.links = append(page.links, docsCode{text: string(node.Destination), line: line(at)})
		case *ast.Image:
			page.links = append(page.links, docsCode{text: string(node.Destination), line: line(node.Pos())})
		case *ast.RawHTML:
			page.html(string(node.Segments.Value(source)), line(node.Segments.At(0).Start))
		case *ast.HTMLBlock:
			page.html(string(node.Lines().Value(source)), line(node.Lines().At(0).Start))
		case *ast.Heading:
			page.anchor[docsAnchor(docsText(node, source))] = true
		}
		return ast.WalkContinue, nil
	})
	return page
}

var docsHTMLLink = regexp.MustCompile(`(?:src|href)="([^"]*)"`)

// html learns the links of HTML in the page.
func (p *docsPage) html(source string, line int) {
	for _, match := range docsHTMLLink.FindAllStringSubmatch(source, -1) {
		p.links = append(p.links, docsCode{text: match[1], line: line})
	}
}

// docsText is what a reader sees of a node.
func docsText(node ast.Node, source []byte) string {
	var shown strings.Builder
	for child := node.FirstChild(); child != nil; child = child.NextSibling() {
		if leaf, ok := child.(*ast.Text); ok {
			shown.Write(leaf.Segment.Value(source))
			if leaf.SoftLineBreak() {
				shown.WriteByte(' ')
			}
		} else {
			shown.WriteString(docsText(child, source))
		}
	}
	return shown.String()
}

// docsAnchor is the anchor that GitHub gives to a heading.
func docsAnchor(heading string) string {
	kept := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(heading), "")
	return strings.ReplaceAll(kept, " ", "-")
}
