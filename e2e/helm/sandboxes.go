package helm

import (
	"context"
	"os"
	"path/filepath"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"agentcube-mtls/e2e/kube"
	"agentcube-mtls/e2e/platform/images"
	"agentcube-mtls/internal/gomod"
	"agentcube-mtls/internal/repo"
)

// sandboxManifests are agent-sandbox's own, in its module, in the order in which they are applied.
var sandboxManifests = []string{
	"crds/agents.x-k8s.io_sandboxes.yaml",
	"crds/extensions.agents.x-k8s.io_sandboxclaims.yaml",
	"crds/extensions.agents.x-k8s.io_sandboxtemplates.yaml",
	"crds/extensions.agents.x-k8s.io_sandboxwarmpools.yaml",
	"rbac.generated.yaml",
	"extensions-rbac.generated.yaml",
	"extensions.yaml",
	"controller.yaml",
	controllerManifest,
}

// controllerManifest holds the Deployment with all controllers; controller.yaml holds one with the
// core alone.
const controllerManifest = "extensions.controller.yaml"

// InstallAgentSandbox installs the controller that turns Sandbox objects into pods.
func InstallAgentSandbox(ctx context.Context, client *kube.Client) error {
	sandbox, err := gomod.Find(ctx, repo.Path("internal", "components", "agent-sandbox"), "sigs.k8s.io/agent-sandbox")
	if err != nil {
		return err
	}
	image, err := images.AgentSandboxController()
	if err != nil {
		return err
	}
	var objects []*unstructured.Unstructured
	for _, name := range sandboxManifests {
		file, err := os.Open(filepath.Join(sandbox.Dir, "k8s", name))
		if err != nil {
			return err
		}
		decoded, err := kube.Decode(file)
		_ = file.Close()
		if err != nil {
			return err
		}
		for _, object := range decoded {
			if object.GetKind() != "Deployment" {
				objects = append(objects, object)
			} else if name == controllerManifest {
				objects = append(objects, object)
				if err := setImage(object, image); err != nil {
					return err
				}
			}
		}
	}
	if err := client.Apply(ctx, objects...); err != nil {
		return err
	}
	return kube.Eventually(ctx, "agent-sandbox's controller to be ready", func(ctx context.Context) error {
		return client.RolledOut(ctx, "agent-sandbox-system")
	})
}

// setImage replaces the placeholder in agent-sandbox's manifest.
func setImage(object *unstructured.Unstructured, image string) error {
	var deployment appsv1.Deployment
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &deployment); err != nil {
		return err
	}
	deployment.Spec.Template.Spec.Containers[0].Image = image
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&deployment)
	delete(content, "status")
	object.Object = content
	return err
}
