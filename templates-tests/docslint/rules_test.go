package docslint

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// docsLint holds what is wrong with a page.
type docsLint struct {
	*docsFacts
	page      *docsPage
	assigned  map[string]bool // variables that its commands have set
	installed map[string]bool // releases that its commands have installed
	problems  []string
}

// lintDocs returns every fault of the pages, each with its file and line.
func lintDocs(t testing.TB, facts *docsFacts, pages ...*docsPage) []string {
	t.Helper()
	var problems []string
	for _, page := range pages {
		problems = append(problems, facts.with(t, page).lint(page)...)
	}
	return problems
}

func (f *docsFacts) lint(page *docsPage) []string {
	l := &docsLint{docsFacts: f, page: page, assigned: map[string]bool{}, installed: map[string]bool{}}
	for _, block := range page.blocks {
		l.block(block)
	}
	for _, code := range page.prose {
		l.inline(code)
		l.anywhere(code)
	}
	l.sentences()
	l.follow()
	return l.problems
}

func (l *docsLint) report(line int, format string, args ...any) {
	problem := fmt.Sprintf("%s:%d: ", l.page.path, line) + fmt.Sprintf(format, args...)
	if !slices.Contains(l.problems, problem) {
		l.problems = append(l.problems, problem)
	}
}

var (
	docsFlag       = regexp.MustCompile(`^--([a-z][a-z0-9-]*)(?:[= ].*)?$`)
	docsEnv        = regexp.MustCompile(`\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b`)
	docsValue      = regexp.MustCompile(`^([a-z][A-Za-z0-9]*(?:\.[a-z][A-Za-z0-9]*)+)(?:=.*)?$`)
	docsFileName   = regexp.MustCompile(`\.(?:yaml|md|txt|go|conf|crt|pem|sh|json|local|org|com|test|svc)$`) // or that of a host
	docsSet        = regexp.MustCompile(`--set(?:-string|-json)?[ =]['"]?([^\s'"]+)`)
	docsSetKey     = regexp.MustCompile(`(?:^|,)([A-Za-z0-9.]+)(?:\[\d+\][^=,]*)?=`)
	docsNamespace  = regexp.MustCompile(`(?:(?:^|\s)(?:-n|--namespace)[ =]|\bnamespace: |/namespaces/|\bns:)([a-z][a-z0-9-]*)`)
	docsIdentity   = regexp.MustCompile(`/ns/([a-z0-9-]+)/sa/([a-z0-9-]+)`)
	docsHost       = regexp.MustCompile(`\b([a-z][a-z0-9-]*)\.([a-z][a-z0-9-]*)\.svc\b`)
	docsPort       = regexp.MustCompile(`(?:[a-z\]]:|\bport[ :=]+|--port[ =])(\d{2,5})\b`)
	docsOwnPort    = regexp.MustCompile(`\b([a-z][a-z0-9-]*)(?:\.[a-z0-9-]+\.svc)?:(\d{2,5})\b`)
	docsImage      = regexp.MustCompile(`(?:\bimage: |--image[ =])"?([^\s"]+)|^((?:[a-z0-9.-]+/)+[a-z0-9-]+:[A-Za-z][\w.-]*)$|\b([a-z0-9-]+\.(?:io|com)/[\w./-]+:[\w.-]+)`)
	docsArgument   = regexp.MustCompile(`^\s*- ["']?--?([A-Za-z][\w-]*)`)
	docsAbsolute   = regexp.MustCompile(`(?:^|[\s"'=:])(/(?:run|opt|etc|var|v1|health)(?:/[\w.{}-]+)*)`)
	docsRelative   = regexp.MustCompile(`(?:^|[\s"'=])((?:charts|values|docs|e2e|templates-tests)(?:/[\w.-]+)*/?)`)
	docsSlash      = regexp.MustCompile(`^([a-z]+)/([a-z][a-z0-9-]*)$`)
	docsProgram    = regexp.MustCompile(`^(?:[A-Z]+=\S+ )*(?:helm|kubectl|make|go) \S`)
	docsSentence   = regexp.MustCompile(`^[A-Z][\p{L}]+ `)
	docsKlog       = regexp.MustCompile(`[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ \S+\.go:\d+\] (.*)$`)
	docsNamed      = regexp.MustCompile("\\b(Deployment|StatefulSet|DaemonSet|Service|ServiceAccount|ClusterSPIFFEID|ConfigMap|Secret|ClusterRole|ClusterRoleBinding|Role|RoleBinding|PersistentVolumeClaim|container)s? `([^`]+)`")
	docsNamedSpace = regexp.MustCompile("\\bnamespaces? `([a-z0-9-]+)`")
)

// docsNamespaces are the namespaces that docs may name: the release's, and those of others.
var docsNamespaces = []string{"agentcube", "kube-system", "agent-sandbox-system", "argocd"}

// inline checks a piece of inline code.
func (l *docsLint) inline(code docsCode) {
	if match := docsFlag.FindStringSubmatch(code.text); match != nil && !l.flags[match[1]] && !l.helm.someHasFlag("--"+match[1]) && !l.kubectl.someHasFlag("--"+match[1]) {
		l.report(code.line, "no program has the flag --%s", match[1])
	}
	if match := docsValue.FindStringSubmatch(code.text); match != nil && !docsFileName.MatchString(match[1]) {
		l.value(code.line, match[1])
	}
	if match := docsSlash.FindStringSubmatch(code.text); match != nil && l.names[docsKind(match[1])+"/"] {
		l.object(code.line, docsKind(match[1]), match[2])
	}
	if docsProgram.MatchString(code.text) {
		l.shell(code, true)
	}
	if words := strings.Fields(code.text); len(words) > 3 && docsSentence.MatchString(code.text) {
		l.log(code.line, code.text)
	}
}

// value checks a key of values.yaml; what is below a free-form value is the user's.
func (l *docsLint) value(line int, key string) {
	if !l.values[key] {
		l.report(line, "values.yaml has no %s", key)
	}
}

// log checks a line that a program is said to log, or its beginning.
func (l *docsLint) log(line int, text string) {
	text = strings.TrimRight(text, "…: ")
	for _, format := range l.logs {
		if match := format.FindStringSubmatch(text); match != nil && (len(match) == 1 || strings.Contains(l.text, `"`+match[1]+`"`)) {
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
	for _, set := range docsSet.FindAllStringSubmatch(code.text, -1) {
		for _, match := range docsSetKey.FindAllStringSubmatch(set[1], -1) {
			l.value(code.line, match[1])
		}
	}
	for _, match := range docsNamespace.FindAllStringSubmatch(code.text, -1) {
		l.namespace(code.line, match[1])
	}
	for _, match := range docsPort.FindAllStringSubmatch(code.text, -1) {
		if !l.ports[match[1]] {
			l.report(code.line, "nothing listens on port %s", match[1])
		}
	}
	for _, match := range docsOwnPort.FindAllStringSubmatch(code.text, -1) {
		if owner := match[1]; (l.names["service/"+owner] || l.names["container/"+owner]) && !l.ports[owner+":"+match[2]] {
			l.report(code.line, "%s has no port %s", owner, match[2])
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
	l.everywhere(code)
}

// everywhere checks what is to be right in what programs print, too.
func (l *docsLint) everywhere(code docsCode) {
	for _, match := range docsIdentity.FindAllStringSubmatch(code.text, -1) {
		l.namespace(code.line, match[1])
		l.object(code.line, "serviceaccount", match[2])
	}
	for _, match := range docsHost.FindAllStringSubmatch(code.text, -1) {
		l.namespace(code.line, match[2])
		l.object(code.line, "service", match[1])
	}
	for _, match := range docsImage.FindAllStringSubmatch(code.text, -1) {
		image := match[1] + match[2] + match[3]
		named := regexp.MustCompile(`(?:^|["'/\s])` + regexp.QuoteMeta(image) + `(?:["'\s]|$)`)
		if !named.MatchString(l.text) && !named.MatchString(l.images) {
			l.report(code.line, "neither the charts nor the tests have the image %s", image)
		}
	}
}

func (l *docsLint) namespace(line int, name string) {
	if !slices.Contains(docsNamespaces, name) {
		l.report(line, "the namespace is agentcube, not %s", name)
	}
}

// absolute checks a path in a container, on a node or of a URL. Paths of the API take names; the
// runner's calls prove them.
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
			if match := docsArgument.FindStringSubmatch(line); match != nil && !l.flags[match[1]] {
				l.report(at.line, "no program has the flag -%s", match[1])
			}
		case "text":
			l.everywhere(at)
			if match := docsKlog.FindStringSubmatch(line); match != nil {
				l.log(at.line, match[1])
			}
		}
	}
	switch block.language {
	case "bash":
		l.shell(block, false)
	case "yaml":
		l.yaml(block)
	}
}

// yaml checks a block of values: one that is neither a manifest nor rules for Prometheus.
func (l *docsLint) yaml(block docsCode) {
	var content map[string]any
	if err := yaml.Unmarshal([]byte(block.text), &content); err != nil {
		l.report(block.line, "this is no YAML: %v", err)
	}
	if content["apiVersion"] == nil && content["groups"] == nil {
		l.valuesBelow(block.line, "", content)
	}
}

func (l *docsLint) valuesBelow(line int, prefix string, content map[string]any) {
	for key, value := range content {
		l.value(line, prefix+key)
		if below, ok := value.(map[string]any); ok && l.values[prefix+key+"."] {
			l.valuesBelow(line, prefix+key+".", below)
		}
	}
}

// sentences checks names that follow their kind, such as the Deployment `agentcube-router`.
func (l *docsLint) sentences() {
	for n, line := range strings.Split(l.page.source, "\n") {
		for _, match := range docsNamed.FindAllStringSubmatch(line, -1) {
			if !strings.ContainsAny(match[2], "{/ ") {
				l.object(n+1, docsKind(match[1]), match[2])
			}
		}
		for _, match := range docsNamedSpace.FindAllStringSubmatch(line, -1) {
			l.namespace(n+1, match[1])
		}
	}
}
