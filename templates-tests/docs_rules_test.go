package templatestests

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// docsLint holds what is wrong with the pages.
type docsLint struct {
	*docsFacts
	page     *docsPage
	problems []string
}

// lintDocs returns every fault of the pages, each with its file and line.
func lintDocs(t testing.TB, facts *docsFacts, pages ...*docsPage) []string {
	t.Helper()
	var problems []string
	for _, page := range pages {
		l := &docsLint{docsFacts: facts.with(t, page), page: page}
		for _, code := range page.prose {
			l.inline(code)
			l.anywhere(code)
		}
		for _, block := range page.blocks {
			l.block(block)
		}
		l.kinds()
		l.upgrades()
		l.follow(pages)
		problems = append(problems, l.problems...)
	}
	return problems
}

func (l *docsLint) report(line int, format string, args ...any) {
	problem := fmt.Sprintf("%s:%d: ", l.page.path, line) + fmt.Sprintf(format, args...)
	if !slices.Contains(l.problems, problem) {
		l.problems = append(l.problems, problem)
	}
}

var (
	docsFlag      = regexp.MustCompile(`^--([a-z][a-z0-9-]*)(?:[= ].*)?$`)
	docsLongFlag  = regexp.MustCompile(`(?:^|\s)--([a-z][a-z0-9-]*)`)
	docsEnv       = regexp.MustCompile(`\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b`)
	docsValue     = regexp.MustCompile(`^([a-z][A-Za-z0-9]*(?:\.[a-z][A-Za-z0-9]*)+)(?:=.*)?$`)
	docsSet       = regexp.MustCompile(`--set(?:-string|-json)? '?([A-Za-z0-9.]+)=`)
	docsNamespace = regexp.MustCompile(`(?:(?:^|\s)(?:-n|--namespace)[ =]|\bnamespace: |/namespaces/|\bns:)([a-z][a-z0-9-]*)`)
	docsPort      = regexp.MustCompile(`(?:[a-z\]]:|\bport[ :=]+|--port[ =])(\d{2,5})\b`)
	docsLabel     = regexp.MustCompile(`(?:^|\s)(?:-l|--selector)[ =]('[^']*'|\S+)`)
	docsIn        = regexp.MustCompile(`([a-z./-]+) in \(([^)]*)\)`)
	docsObject    = regexp.MustCompile(`(?:^|[\s"'])([a-z]+)(?:\.[a-z.]+)?/([a-z][a-z0-9.-]*)`)
	docsContainer = regexp.MustCompile(`(?:^|\s)-c[ =]([a-z][a-z0-9-]*)`)
	docsAbsolute  = regexp.MustCompile(`(?:^|[\s"'=:])(/(?:run|opt|etc|var|v1|health)(?:/[\w.{}-]+)*)`)
	docsRelative  = regexp.MustCompile(`(?:^|[\s"'=])((?:charts|values|docs|e2e|templates-tests)(?:/[\w.-]+)*/?)`)
	docsTarget    = regexp.MustCompile(`(?:^|\s)make ([a-z0-9-]+)`)
	docsSentence  = regexp.MustCompile(`^[A-Z][\p{L}]+ `)
	docsKlog      = regexp.MustCompile(`[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ \S+\.go:\d+\] (.*)$`)
	docsNamed     = regexp.MustCompile("\\b(Deployment|StatefulSet|DaemonSet|Service|ServiceAccount|ClusterSPIFFEID|ConfigMap|Secret|ClusterRole|ClusterRoleBinding|Role|RoleBinding|PersistentVolumeClaim|container)s? `([^`]+)`")
)

// docsNamespaces are the namespaces that docs may name: the release's, and those of others.
var docsNamespaces = []string{"agentcube", "kube-system", "agent-sandbox-system"}

// inline checks a piece of inline code.
func (l *docsLint) inline(code docsCode) {
	if match := docsFlag.FindStringSubmatch(code.text); match != nil && !l.flags[match[1]] && !l.helm[match[1]] && !l.kubectl[match[1]] {
		l.report(code.line, "no program has the flag --%s", match[1])
	}
	if match := docsValue.FindStringSubmatch(code.text); match != nil {
		l.value(code.line, match[1])
	}
	if words := strings.Fields(code.text); len(words) > 3 && docsSentence.MatchString(code.text) {
		l.log(code.line, code.text)
	}
}

// value checks a key of values.yaml; what is below a free-form value is the user's.
func (l *docsLint) value(line int, key string) {
	first, _, _ := strings.Cut(key, ".")
	if l.values[first] && !l.values[key] {
		l.report(line, "values.yaml has no %s", key)
	}
}

// log checks a line that a program is said to log, or its beginning.
func (l *docsLint) log(line int, text string) {
	text = strings.TrimRight(text, "…: ")
	for _, format := range l.logs {
		if format.MatchString(text) {
			return
		}
	}
	if !strings.Contains(l.text, text) {
		l.report(line, "no program logs %q", text)
	}
}

// anywhere checks what means the same in inline code and in blocks.
func (l *docsLint) anywhere(code docsCode) {
	for _, name := range docsEnv.FindAllString(code.text, -1) {
		if !l.env[name] {
			l.report(code.line, "no program reads %s", name)
		}
	}
	for _, match := range docsSet.FindAllStringSubmatch(code.text, -1) {
		if first, _, _ := strings.Cut(match[1], "."); !l.values[first] {
			l.report(code.line, "values.yaml has no %s", match[1])
		}
		l.value(code.line, match[1])
	}
	for _, match := range docsNamespace.FindAllStringSubmatch(code.text, -1) {
		if !slices.Contains(docsNamespaces, match[1]) {
			l.report(code.line, "the namespace is agentcube, not %s", match[1])
		}
	}
	for _, match := range docsPort.FindAllStringSubmatch(code.text, -1) {
		if !l.ports[match[1]] {
			l.report(code.line, "nothing listens on port %s", match[1])
		}
	}
	for _, match := range docsAbsolute.FindAllStringSubmatch(code.text, -1) {
		l.absolute(code.line, match[1])
	}
	for _, match := range docsRelative.FindAllStringSubmatch(code.text, -1) {
		if _, err := os.Stat(filepath.Join(l.root, match[1])); err != nil {
			l.report(code.line, "there is no file %s", match[1])
		}
	}
	for _, match := range docsTarget.FindAllStringSubmatch(code.text, -1) {
		if !l.targets[match[1]] {
			l.report(code.line, "the Makefile has no target %s", match[1])
		}
	}
}

// absolute checks a path in a container, on a node or of a URL. Paths of the API take names; the runner's calls prove them.
func (l *docsLint) absolute(line int, path string) {
	whole := regexp.MustCompile(regexp.QuoteMeta(path) + `(?:[^\w-]|$)`)
	if whole.MatchString(l.text) || strings.HasPrefix(path, "/v1/") || strings.HasPrefix(path, "/opt/spire/bin/") {
		return
	}
	l.report(line, "neither the charts nor the programs know %s", path)
}

// block checks a fenced block by its language.
func (l *docsLint) block(block docsCode) {
	for n, line := range strings.Split(block.text, "\n") {
		at := docsCode{text: line, line: block.line + n}
		switch block.language {
		case "bash", "yaml", "mermaid":
			l.anywhere(at)
		case "text":
			if match := docsKlog.FindStringSubmatch(line); match != nil {
				l.log(at.line, match[1])
			}
		}
	}
	if block.language == "bash" {
		for _, command := range docsCommands(block) {
			l.command(command)
		}
	}
}

// command checks the words of helm and kubectl.
func (l *docsLint) command(command docsCode) {
	own, _, _ := strings.Cut(command.text, " -- ")
	own, _, _ = strings.Cut(own, " | ")
	for client, flags := range map[string]map[string]bool{"helm": l.helm, "kubectl": l.kubectl} {
		_, words, found := strings.Cut(own, client+" ")
		if !found {
			continue
		}
		for _, match := range docsLongFlag.FindAllStringSubmatch(words, -1) {
			if !flags[match[1]] {
				l.report(command.line, "%s has no flag --%s", client, match[1])
			}
		}
		if docsNeedsNamespace.MatchString(words) && !docsNamespace.MatchString(words) {
			l.report(command.line, "%s without -n acts on the wrong namespace", client)
		}
		if client == "kubectl" {
			l.objects(docsCode{text: words, line: command.line})
		}
	}
}

// docsNeedsNamespace are commands that act on a namespace, always.
var docsNeedsNamespace = regexp.MustCompile(`^(upgrade|install|uninstall|rollback|test|history|list|status|get (values|manifest)|logs|exec|rollout|port-forward|get pods?)\b`)

// objects checks the objects, labels and containers that a kubectl command names.
func (l *docsLint) objects(code docsCode) {
	for _, match := range docsObject.FindAllStringSubmatch(code.text, -1) {
		l.object(code.line, docsKind(match[1]), match[2])
	}
	for _, match := range docsContainer.FindAllStringSubmatch(code.text, -1) {
		l.object(code.line, "container", match[1])
	}
	for _, match := range docsLabel.FindAllStringSubmatch(code.text, -1) {
		selector := strings.Trim(match[1], "'")
		if in := docsIn.FindStringSubmatch(selector); in != nil {
			for value := range strings.SplitSeq(in[2], ",") {
				l.label(code.line, in[1]+"="+strings.TrimSpace(value))
			}
			continue
		}
		for label := range strings.SplitSeq(selector, ",") {
			l.label(code.line, label)
		}
	}
}

func (l *docsLint) label(line int, label string) {
	if !l.labels[label] {
		l.report(line, "nothing has the label %s", label)
	}
}

// object checks that there is such an object, where the charts or the page itself make some of its kind.
func (l *docsLint) object(line int, kind, name string) {
	known := l.names[kind+"/"] || kind == "container"
	// Others make pods and the like, too; and a program may make a Secret that no chart has.
	if !known || l.names[kind+"/"+name] || slices.Contains(docsForeign, kind) ||
		kind == "secret" && strings.Contains(l.text, `"`+name+`"`) {
		return
	}
	l.report(line, "there is no %s %s", kind, name)
}

// kinds checks names that follow their kind, such as the Deployment `agentcube-router`.
func (l *docsLint) kinds() {
	for n, line := range strings.Split(l.page.source, "\n") {
		for _, match := range docsNamed.FindAllStringSubmatch(line, -1) {
			if !strings.ContainsAny(match[2], "{/ ") {
				l.object(n+1, strings.ToLower(match[1]), match[2])
			}
		}
	}
}

// upgrades checks that no helm upgrade loses the values of a release. One that may is the first install of its release in the
// page, or the first one after an uninstall. A chart with nothing to set has nothing to lose.
func (l *docsLint) upgrades() {
	installed := map[string]bool{}
	for _, block := range l.page.blocks {
		if block.language != "bash" {
			continue
		}
		for _, command := range docsCommands(block) {
			words := strings.Fields(command.text)
			switch {
			case len(words) < 3 || words[0] != "helm":
			case words[1] == "uninstall":
				for _, name := range words[2:] {
					delete(installed, name)
				}
			case words[1] == "upgrade" || words[1] == "install":
				l.upgrade(command, words, installed)
			}
		}
	}
}

func (l *docsLint) upgrade(command docsCode, words []string, installed map[string]bool) {
	operands := slices.DeleteFunc(slices.Clone(words[2:]), func(word string) bool { return strings.HasPrefix(word, "-") })
	name := operands[0]
	keeps := slices.Contains(words, "--reuse-values") || slices.Contains(words, "--reset-then-reuse-values")
	first := (words[1] == "install" || slices.Contains(words, "--install")) && (command.elsewhere || !installed[name])
	if !keeps && !first && name != "spire-crds" {
		l.report(command.line, "helm upgrade loses the values of the release %s: give --reuse-values", name)
	}
	if !command.elsewhere {
		installed[name] = true
	}
}

// follow checks links to files of the repository and to headings.
func (l *docsLint) follow(pages []*docsPage) {
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
		at := slices.IndexFunc(pages, func(p *docsPage) bool { return p.path == target })
		if anchor != "" && at >= 0 && !pages[at].anchor[anchor] {
			l.report(link.line, "the link leads to no heading: %s", link.text)
		}
	}
}
