package generate

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"sigs.k8s.io/yaml"
)

const (
	agentcubeAPI = "github.com/volcano-sh/agentcube/pkg/apis/runtime/v1alpha1"
	spireAPI     = "github.com/spiffe/spire-controller-manager/api/v1alpha1"
)

// CRDs makes the CustomResourceDefinitions of both charts from the Go types that the pinned modules
// hold.
func CRDs(ctx context.Context, root string) (Files, error) {
	tool, err := Tool(ctx, root, "controller-gen", "controller-gen")
	if err != nil {
		return nil, err
	}
	agentcube, err := crdsOf(ctx, tool, root, agentcubeAPI)
	if err != nil {
		return nil, err
	}
	spire, err := crdsOf(ctx, tool, filepath.Join(root, "internal/components/spire-controller-manager"), spireAPI)
	if err != nil {
		return nil, err
	}

	files := Files{}
	for name, content := range agentcube {
		if files["charts/base/crds/"+name], err = shorten(content); err != nil {
			return nil, fmt.Errorf("shorten %s: %w", name, err)
		}
	}
	for name, content := range spire {
		files["charts/spire-crds/templates/"+name] = asTemplate(content)
	}
	return files, nil
}

// crdsOf runs controller-gen in a module that requires the package.
func crdsOf(ctx context.Context, tool, module, pkg string) (Files, error) {
	dir, err := os.MkdirTemp("", "crds-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for CRDs: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()

	if _, err := Run(ctx, module, tool, "crd", "paths="+pkg, "output:crd:dir="+dir); err != nil {
		return nil, fmt.Errorf("generate the CRDs of %s: %w", pkg, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list the CRDs of %s: %w", pkg, err)
	}
	files := Files{}
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, fmt.Errorf("read a CRD of %s: %w", pkg, err)
		}
		files[entry.Name()] = content
	}
	return files, nil
}

// shorten leaves out the descriptions of what is Kubernetes' own in a CRD: the fields of a PodSpec,
// which kubectl explain pod.spec describes. With them the AgentRuntime is longer than the
// annotation in which kubectl apply keeps an object, unless the server applies it.
func shorten(crd []byte) ([]byte, error) {
	var definition map[string]any
	if err := yaml.Unmarshal(crd, &definition); err != nil {
		return nil, err
	}
	leaveOutDescriptions(definition, false)
	short, err := yaml.Marshal(definition)
	return append([]byte("---\n"), short...), err
}

func leaveOutDescriptions(node any, inPodSpec bool) {
	switch node := node.(type) {
	case map[string]any:
		_, isText := node["description"].(string) // and no field of that name
		if inPodSpec && isText {
			delete(node, "description")
		}
		_, hasContainers := node["ephemeralContainers"]
		for _, below := range node {
			leaveOutDescriptions(below, inPodSpec || hasContainers)
		}
	case []any:
		for _, below := range node {
			leaveOutDescriptions(below, inPodSpec)
		}
	}
}

var annotations = regexp.MustCompile(`(?m)^  annotations:\n`)

// asTemplate makes a chart's template of a CRD: helm brings it with upgrades, but an uninstall
// leaves it, since every object of its kind would go with it. Braces in descriptions must not be
// taken for the template's.
func asTemplate(crd []byte) []byte {
	crd = bytes.ReplaceAll(crd, []byte("{{"), []byte("{{`{{`}}"))
	at := annotations.FindIndex(crd)[1]
	keep := []byte("    helm.sh/resource-policy: keep\n")
	return append(append(append([]byte{}, crd[:at]...), keep...), crd[at:]...)
}
