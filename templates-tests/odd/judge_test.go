package odd_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"agentcube-mtls/internal/components"
	"agentcube-mtls/internal/repo"
	"agentcube-mtls/templates-tests/apiserver"
	"agentcube-mtls/templates-tests/chart"
)

// judge says of objects whether the API server and the programs that are configured by them accept
// them. It asks once about each.
type judge struct {
	server   dynamic.Interface
	programs map[string]program // by the names of their files in ConfigMaps
	dir      string
	decoded  sync.Map // objects, by their manifests
	verdicts sync.Map // errors, by what was asked
}

// program reads a file of configuration, and tells by a line that it has accepted it.
type program struct {
	command  []string
	accepted string
}

// shell reads a script and does not run it.
var shell = program{[]string{"sh", "-c", `sh -n "$0" && echo accepted`}, "accepted"}

// judged is the name and the namespace of what is judged.
const judged = "judged"

// newJudge starts an API server that has the charts' kinds, and what it looks for before it accepts a
// pod.
func newJudge(t *testing.T) *judge {
	t.Helper()
	server := apiserver.ForTest(t, repo.Path("charts", "base", "crds"), repo.Path("charts", "spire-crds", "templates"))
	asked, err := dynamic.NewForConfig(server.Config)
	require.NoError(t, err)
	client, err := kubernetes.NewForConfig(server.Config)
	require.NoError(t, err)
	_, err = client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: judged}}, metav1.CreateOptions{})
	require.NoError(t, err)
	for _, name := range []string{"default", "agentcube-test"} {
		account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}
		_, err = client.CoreV1().ServiceAccounts(judged).Create(t.Context(), account, metav1.CreateOptions{})
		require.NoError(t, err)
	}

	built := func(component components.Component, name string) string {
		dir, err := component.Build(t.Context())
		require.NoError(t, err)
		return filepath.Join(dir, name)
	}
	return &judge{server: asked, dir: t.TempDir(), programs: map[string]program{
		"server.conf":             {[]string{built(components.SPIRE, "spire-server"), "validate", "-expandEnv", "-config"}, "configuration file is valid"},
		"agent.conf":              {[]string{built(components.SPIRE, "spire-agent"), "validate", "-config"}, "configuration file is valid"},
		"helper.conf":             {[]string{built(components.SPIFFEHelper, "spiffe-helper"), "-config"}, "Launching daemon"},
		"controller-manager.yaml": {[]string{built(components.ControllerManager, "cmd"), "-config"}, "unable to load in-cluster configuration"},
	}}
}

// judge returns why one of the manifests of a render is refused.
func (j *judge) judge(ctx context.Context, manifests map[string]string) error {
	objects, err := j.decode(manifests)
	if err != nil {
		return err
	}
	connection := ""
	for _, object := range objects {
		if object.GetName() == "spire-server-datastore" {
			connection, _, _ = unstructured.NestedString(object.Object, "stringData", "connectionString")
		}
	}
	for _, object := range objects {
		if err := j.ask(ctx, object); err != nil {
			return err
		}
		files, _, _ := unstructured.NestedStringMap(object.Object, "data")
		for name, content := range files {
			if program, found := j.programs[name]; found {
				if err := j.run(ctx, program, content, "SPIRE_DATASTORE_CONNECTION="+connection); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
			}
		}
		for _, script := range scripts(object.Object) {
			if err := j.run(ctx, shell, script); err != nil {
				return fmt.Errorf("a script of %s: %w", object.GetName(), err)
			}
		}
	}
	return nil
}

// isJudged breaks manifests that the judge accepts, once for each that it asks.
func (j *judge) isJudged(t *testing.T, manifests map[string]string) {
	t.Helper()
	for broken, refusal := range map[[2]string]string{
		{"containerPort: 8080", "containerPort: 65536"}: "must be between 1 and 65535",
		{"containerPort: 8080", "containerProt: 8080"}:  "unknown field",
		{"spiffeIDTemplate:", "spiffeIDTemplates:"}:     "unknown field",
		{"bind_port = 8081", "bind_prot = 8081"}:        "server.conf",
		{"server_address = ", "server_addr = "}:         "agent.conf",
		{"cert_dir = ", "cert_dri = "}:                  "helper.conf",
		{"^kube-", "^kube-("}:                           "controller-manager.yaml",
		{"done", "don"}:                                 "a script of",
	} {
		changed := map[string]string{}
		for path, manifest := range manifests {
			changed[path] = strings.ReplaceAll(manifest, broken[0], broken[1])
		}
		require.ErrorContains(t, j.judge(t.Context(), changed), refusal, broken[1])
	}
}

// decode reads the objects of manifests, each manifest once.
func (j *judge) decode(manifests map[string]string) ([]*unstructured.Unstructured, error) {
	var all []*unstructured.Unstructured
	for path, manifest := range manifests {
		decoded, _ := j.decoded.LoadOrStore(manifest, sync.OnceValues(func() ([]*unstructured.Unstructured, error) {
			typed, err := chart.Decode(map[string]string{path: manifest})
			if err != nil {
				return nil, err
			}
			var objects []*unstructured.Unstructured
			for _, object := range typed {
				content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
				if err != nil {
					return nil, err
				}
				objects = append(objects, &unstructured.Unstructured{Object: content})
			}
			return objects, nil
		}))
		objects, err := decoded.(func() ([]*unstructured.Unstructured, error))()
		if err != nil {
			return nil, err
		}
		all = append(all, objects...)
	}
	return all, nil
}

// once asks a question whose answer is not known yet.
func (j *judge) once(question any, ask func() error) error {
	answer, _ := j.verdicts.LoadOrStore(question, sync.OnceValue(ask))
	return answer.(func() error)()
}

// newer is said of fields of a Kubernetes that is newer than the server's. Others are found when
// the manifest is decoded.
const newer = "strict decoding error: unknown field \"spec.template."

// ask lets the API server validate an object as if it were created. That there is such an object it
// finds last.
func (j *judge) ask(ctx context.Context, object *unstructured.Unstructured) error {
	return j.once(object, func() error {
		if object.GroupVersionKind().Group == "monitoring.coreos.com" { // whose definitions are not here
			return nil
		}
		resource, _ := meta.UnsafeGuessKindToResource(object.GroupVersionKind())
		_, err := j.server.Resource(resource).Namespace(object.GetNamespace()).Create(ctx, object,
			metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}, FieldValidation: metav1.FieldValidationStrict})
		if apierrors.IsAlreadyExists(err) || err != nil && strings.Contains(err.Error(), newer) {
			return nil
		}
		return err
	})
}

// run lets a program read its file.
func (j *judge) run(ctx context.Context, program program, content string, env ...string) error {
	return j.once(fmt.Sprint(program.command, content, env), func() error {
		file, err := os.CreateTemp(j.dir, "")
		if err != nil {
			return err
		}
		_, err = file.WriteString(content)
		if err := errors.Join(err, file.Close()); err != nil {
			return err
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		run := exec.CommandContext(ctx, program.command[0], append(program.command[1:len(program.command):len(program.command)], file.Name())...)
		run.Env = append(append(os.Environ(), "KUBERNETES_SERVICE_HOST="), env...)
		output, said := io.Pipe()
		run.Stdout, run.Stderr = said, said
		if err := run.Start(); err != nil {
			return err
		}
		go func() { _ = said.CloseWithError(errors.Join(run.Wait(), io.EOF)) }()
		var all strings.Builder
		for lines := bufio.NewScanner(output); lines.Scan(); {
			if strings.Contains(lines.Text(), program.accepted) {
				cancel()
				_, _ = io.Copy(io.Discard, output)
				return nil
			}
			fmt.Fprintln(&all, lines.Text())
		}
		return errors.New(all.String())
	})
}

// scripts are those in an object: files of ConfigMaps, and commands of containers.
func scripts(value any) (found []string) {
	switch value := value.(type) {
	case map[string]any:
		for key, inner := range value {
			if script, is := inner.(string); is && strings.HasSuffix(key, ".sh") {
				found = append(found, script)
			}
			found = append(found, scripts(inner)...)
		}
	case []any:
		if len(value) == 3 && value[0] == "sh" && value[1] == "-c" {
			found = append(found, value[2].(string))
		}
		for _, inner := range value {
			found = append(found, scripts(inner)...)
		}
	}
	return found
}
