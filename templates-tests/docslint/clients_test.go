package docslint

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"agentcube-mtls/e2e/platform/images"
	"agentcube-mtls/internal/components"
)

// docsClient is a client of the cluster. Its programs, one a version, tell what they understand.
type docsClient struct {
	programs []string
	told     *sync.Map // what the programs told, by the question
}

// docsClients are the clients whose commands the docs have.
type docsClients struct{ helm, kubectl, spireServer, curl docsClient }

// clients builds the programs and, as starting them takes its time, asks each question once in a
// run.
var clients = sync.OnceValues(func() (docsClients, error) {
	ctx := context.Background()
	helm3, err := images.Helm(ctx)
	if err != nil {
		return docsClients{}, err
	}
	dirs := map[string]string{}
	for _, component := range []components.Component{components.Helm4, components.Kubernetes, components.SPIRE} {
		if dirs[component.Name], err = component.Build(ctx); err != nil {
			return docsClients{}, err
		}
	}
	client := func(programs ...string) docsClient { return docsClient{programs, &sync.Map{}} }
	return docsClients{
		helm:        client(helm3, filepath.Join(dirs[components.Helm4.Name], "helm")),
		kubectl:     client(filepath.Join(dirs[components.Kubernetes.Name], "kubectl")),
		spireServer: client(filepath.Join(dirs[components.SPIRE.Name], "spire-server")),
		curl:        client("curl"),
	}, nil
})

// commands returns the names of the client's commands, as it lists them to a shell for completion.
func (c docsClient) commands() []string {
	var commands []string
	for line := range strings.Lines(c.ask("__complete", "").text) {
		command, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
		commands = append(commands, command)
	}
	return commands
}

var (
	docsWordOfCommand = regexp.MustCompile(`^[a-z][a-z-]*$`)
	docsSubcommands   = regexp.MustCompile(`(?i)(available commands|subcommands).*:`)
	docsUsageFlag     = regexp.MustCompile(`(?m)^\s+(--?[A-Za-z][\w-]*)(?:, (--[\w-]+))?`)
)

// hasFlag tells whether the usage of the command that operands begin with has a flag, such as -n or
// --namespace.
func (c docsClient) hasFlag(operands []string, flag string) bool {
	var usage docsUsage
	for words := 0; words <= len(operands); words++ {
		usage = c.ask(append(slices.Clone(operands[:words]), "--help")...)
		if !usage.subcommands || words < len(operands) && !docsWordOfCommand.MatchString(operands[words]) {
			break
		}
	}
	// Only the usage of `options` lists the flags that all commands of kubectl have.
	return usage.flags[flag] || c.ask("options").flags[flag]
}

// curlHasFlag tells the same of curl, which has no commands.
func (c docsClients) curlHasFlag(flag string) bool {
	return c.curl.ask("--help", "all").flags[flag]
}

// someHasFlag tells whether any of the client's commands has a flag.
func (c docsClient) someHasFlag(flag string) bool {
	return slices.ContainsFunc(c.commands(), func(command string) bool { return c.hasFlag([]string{command}, flag) })
}

// docsUsage is what the programs print, the flags in it, such as -n and --namespace, and whether it
// lists commands below the one that was asked for.
type docsUsage struct {
	text        string
	flags       map[string]bool
	subcommands bool
}

// ask returns what the programs print, and remembers it.
func (c docsClient) ask(args ...string) docsUsage {
	told, _ := c.told.LoadOrStore(strings.Join(args, " "), sync.OnceValue(func() docsUsage { return c.run(args) }))
	return told.(func() docsUsage)()
}

func (c docsClient) run(args []string) docsUsage {
	usage := docsUsage{flags: map[string]bool{}}
	for _, program := range c.programs {
		cmd := exec.CommandContext(context.Background(), program, args...) // the answer outlives the test that asks
		cmd.Env = append(os.Environ(), "KUBECONFIG="+os.DevNull, "HELM_NO_PLUGINS=1")
		output, _ := cmd.CombinedOutput() // a usage ends with an error
		usage.text += string(output)
	}
	usage.subcommands = docsSubcommands.MatchString(usage.text)
	for _, match := range docsUsageFlag.FindAllStringSubmatch(usage.text, -1) {
		usage.flags[match[1]], usage.flags[match[2]] = true, true
	}
	return usage
}
