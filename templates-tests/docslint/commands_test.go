package docslint

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

var (
	docsFlagName     = regexp.MustCompile(`^(?:--[A-Za-z][\w-]*|-[A-Za-z]$)`)
	docsScenarioName = regexp.MustCompile(`suite\.Scenario\{\s+Name:\s+"([a-z0-9-]+)"`)
	docsTestName     = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	docsIn           = regexp.MustCompile(`([a-z./-]+) in \(([^)]*)\)`)
)

// shell checks a piece of bash: its form, its variables and its commands.
func (l *docsLint) shell(code docsCode, inline bool) {
	shell, err := docsParse(code, inline)
	if err != nil {
		l.report(code.line, "this is no bash: %v", err)
		return
	}
	for _, name := range shell.assigned {
		l.assigned[name] = true
	}
	for _, variable := range shell.variables {
		if !l.assigned[variable.name] && !l.env[variable.name] {
			l.report(variable.line, "no program reads %s", variable.name)
		}
	}
	for _, command := range shell.commands {
		l.command(command)
	}
	for _, document := range shell.documents {
		if strings.HasPrefix(document, "#!") {
			l.shell(docsCode{text: document, line: code.line}, false)
		}
	}
}

func (l *docsLint) command(command docsCommand) {
	switch filepath.Base(command.words[0]) {
	case "helm":
		l.client(command, l.helm)
		l.helmCommand(command)
	case "kubectl":
		l.client(command, l.kubectl)
		l.kubectlCommand(command)
	case "make":
		targets, _ := command.split()
		for _, target := range targets {
			name, value, assigns := strings.Cut(target, "=")
			switch {
			case !assigns && !l.targets[target]:
				l.report(command.line, "the Makefile has no target %s", target)
			case name == "NAME" && value != "…": // what make scenario runs
				l.goTest(docsCommand{words: []string{"go", "test", "./e2e", "-run", "TestScenarios/^" + value + "$"}, line: command.line})
			}
		}
	case "go":
		l.goTest(command)
	case "curl":
		_, flags := command.split()
		for _, flag := range flags {
			if name, _ := docsFlagValue(flag); docsFlagName.MatchString(name) && !l.curlHasFlag(name) {
				l.report(command.line, "curl has no flag %s", name)
			}
		}
	case "spire-server":
		operands, flags := command.split()
		for _, flag := range flags {
			name, _ := docsFlagValue(strings.TrimLeft(flag, "-"))
			if !l.spireServer.hasFlag(operands, "-"+name) {
				l.report(command.line, "spire-server has no flag -%s", name)
			}
		}
	}
	if within, ok := command.within(); ok {
		l.command(within)
	}
}

// client checks the words of helm or kubectl.
func (l *docsLint) client(command docsCommand, client docsClient) {
	operands, flags := command.split()
	if len(operands) > 0 && !slices.Contains(client.commands(), operands[0]) {
		l.report(command.line, "%s has no command %s", command.words[0], operands[0])
		return
	}
	for _, flag := range flags {
		name, _ := docsFlagValue(flag)
		if docsFlagName.MatchString(name) && !client.hasFlag(operands, name) {
			l.report(command.line, "%s has no flag %s", strings.Join(append(command.words[:1:1], operands[:min(1, len(operands))]...), " "), name)
		}
	}
}

// docsHasFlag tells whether one of the flags has one of the names.
func docsHasFlag(flags []string, names ...string) bool {
	return slices.ContainsFunc(flags, func(flag string) bool {
		name, _ := docsFlagValue(flag)
		return slices.Contains(names, name)
	})
}

func (l *docsLint) namespaced(command docsCommand, flags []string) {
	if !command.inline && !docsHasFlag(flags, "-n", "--namespace", "--all-namespaces", "-A") {
		l.report(command.line, "%s without -n acts on the wrong namespace", command.words[0])
	}
}

// helmCommand checks that a command acts on the right namespace, and that no upgrade loses the
// values of a release. One that may is the first install of its release in the page, or the first
// one after an uninstall. A chart with nothing to set has nothing to lose.
func (l *docsLint) helmCommand(command docsCommand) {
	operands, flags := command.split()
	if len(operands) == 0 {
		return
	}
	verb, operands := operands[0], operands[1:]
	if verb != "template" && verb != "version" {
		l.namespaced(command, flags)
	}
	switch {
	case verb == "uninstall":
		for _, name := range operands {
			delete(l.installed, name)
		}
	case (verb == "upgrade" || verb == "install") && len(operands) > 0:
		name := operands[0]
		keeps := docsHasFlag(flags, "--reuse-values", "--reset-then-reuse-values")
		first := (verb == "install" || docsHasFlag(flags, "--install")) && (command.elsewhere || !l.installed[name])
		if !keeps && !first && name != "spire-crds" {
			l.report(command.line, "helm upgrade loses the values of the release %s: give --reuse-values", name)
		}
		if !command.elsewhere && !command.inline {
			l.installed[name] = true
		}
	}
}

// kubectlCommand checks the namespace, and the objects, labels and containers that a command names.
func (l *docsLint) kubectlCommand(command docsCommand) {
	operands, flags := command.split()
	if len(operands) == 0 {
		return
	}
	verb, operands := operands[0], operands[1:]
	for _, flag := range flags {
		switch name, value := docsFlagValue(flag); name {
		case "-c", "--container":
			l.object(command.line, "container", value)
		case "-l", "--selector":
			l.selector(command.line, value)
		}
	}
	switch verb {
	case "rollout": // status KIND
		operands = operands[min(1, len(operands)):]
	case "auth": // can-i VERB KIND
		operands = operands[min(2, len(operands)):]
	case "create": // KIND, and a new name
		operands = operands[:min(1, len(operands))]
	case "kustomize": // a folder
		operands = nil
	case "logs", "exec", "port-forward": // of a pod, where no kind is said
		operands = operands[:min(1, len(operands))]
		if len(operands) == 0 || !strings.Contains(operands[0], "/") {
			operands = append([]string{"pod"}, operands...)
		}
	}
	objects := docsObjects(operands)
	for _, object := range objects {
		l.object(command.line, object.kind, object.name)
	}
	if slices.ContainsFunc(objects, func(object docsObject) bool { return !l.wide[object.kind] }) {
		l.namespaced(command, flags)
	}
}

// docsObject is one that a command names, or, without a name, a kind of them.
type docsObject struct{ kind, name string }

// docsObjects reads the forms that kubectl takes: KIND, KIND,KIND, KIND NAME and KIND/NAME.
func docsObjects(operands []string) []docsObject {
	var objects []docsObject
	for _, operand := range operands {
		kind, name, slash := strings.Cut(operand, "/")
		switch {
		case strings.Contains(operand, "="): // labels and fields
		case slash:
			objects = append(objects, docsObject{docsKind(kind), name})
		case len(objects) > 0:
			objects = append(objects, docsObject{objects[0].kind, operand})
		default:
			for kind := range strings.SplitSeq(operand, ",") {
				objects = append(objects, docsObject{docsKind(kind), ""})
			}
		}
	}
	return objects
}

func (l *docsLint) selector(line int, selector string) {
	if in := docsIn.FindStringSubmatch(selector); in != nil {
		for value := range strings.SplitSeq(in[2], ",") {
			l.label(line, in[1]+"="+strings.TrimSpace(value))
		}
		return
	}
	for label := range strings.SplitSeq(selector, ",") {
		l.label(line, label)
	}
}

func (l *docsLint) label(line int, label string) {
	if !l.labels[label] {
		l.report(line, "nothing has the label %s", label)
	}
}

// object checks that there is such a kind and, where the charts or the page itself make some of it,
// such an object.
func (l *docsLint) object(line int, kind, name string) {
	switch {
	case strings.Contains(kind+name, "$"): // only the shell knows
	case slices.Contains(docsForeign, kind): // others make them, too
	case !l.names[kind+"/"]:
		l.report(line, "there is no kind %s", kind)
	case name == "" || l.names[kind+"/"+name]:
	case kind == "secret" && strings.Contains(l.text, `"`+name+`"`): // a program may make one that no chart has
	default:
		l.report(line, "there is no %s %s", kind, name)
	}
}

// goTest checks that there are the tests that go test is to run.
func (l *docsLint) goTest(command docsCommand) {
	operands, flags := command.split()
	if len(operands) < 2 || operands[0] != "test" {
		return
	}
	files, _ := filepath.Glob(filepath.Join(l.root, operands[1], "*_test.go"))
	var tests, scenarios []string
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			l.report(command.line, "%v", err)
		}
		for _, match := range docsTestName.FindAllStringSubmatch(string(source), -1) {
			tests = append(tests, match[1])
		}
		for _, match := range docsScenarioName.FindAllStringSubmatch(string(source), -1) {
			scenarios = append(scenarios, match[1])
		}
	}
	for _, flag := range flags {
		name, run := docsFlagValue(flag)
		for pattern := range strings.SplitSeq(run, "|") {
			// What follows a slash selects subtests: scenarios, for e2e.
			test, scenario, _ := strings.Cut(strings.Trim(pattern, "'"), "/")
			if name == "-run" && scenario != "" && !slices.ContainsFunc(scenarios, regexp.MustCompile(scenario).MatchString) {
				l.report(command.line, "%s has no scenario %s", operands[1], scenario)
			}
			if name == "-run" && !slices.ContainsFunc(tests, regexp.MustCompile(test).MatchString) {
				l.report(command.line, "%s has no test %s", operands[1], pattern)
			}
		}
	}
}
