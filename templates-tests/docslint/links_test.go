package docslint

import (
	"os"
	"path/filepath"
	"strings"
)

// follow checks links to files of the repository and to headings.
func (l *docsLint) follow() {
	for _, link := range l.page.links {
		if strings.Contains(link.text, "://") || strings.HasPrefix(link.text, "mailto:") {
			continue
		}
		file, anchor, _ := strings.Cut(link.text, "#")
		target := l.page.path
		if file != "" {
			target = filepath.Join(filepath.Dir(l.page.path), file)
			if _, err := os.Stat(filepath.Join(l.root, target)); err != nil {
				l.report(link.line, "the link leads to no file: %s", link.text)
				continue
			}
		}
		if anchor != "" && filepath.Ext(target) == ".md" && !l.anchors(target)[anchor] {
			l.report(link.line, "the link leads to no heading: %s", link.text)
		}
	}
}

// anchors are those of a page, which need not be one that is checked itself.
func (l *docsLint) anchors(path string) map[string]bool {
	if path == l.page.path {
		return l.page.anchor
	}
	source, err := os.ReadFile(filepath.Join(l.root, path))
	if err != nil {
		return nil // was reported
	}
	return parseDocs(path, source).anchor
}
