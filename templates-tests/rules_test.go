package templatestests

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"agentcube-mtls/templates-tests/chart"
)

// missingPrograms says which programs are missing: the other properties hold if there is nothing to
// look at.
func missingPrograms(_ combination, objects []client.Object) (wrong []string) {
	rendered := map[string]bool{}
	for _, object := range objects {
		rendered[chart.Describe(object)] = true
	}
	for _, name := range programs {
		if !rendered["Deployment/"+name] {
			wrong = append(wrong, "Deployment/"+name+" is not rendered")
		}
	}
	return wrong
}

func remainsOfSPIRE(c combination, objects []client.Object) (wrong []string) {
	if spireSection, _ := c.release.Values["spire"].(map[string]any); spireSection["enabled"] == true {
		return nil
	}
	for _, object := range objects {
		content, err := json.Marshal(object)
		if err != nil || regexp.MustCompile(`(?i)spire|spiffe`).Match(content) {
			wrong = append(wrong, chart.Describe(object))
		}
	}
	return wrong
}

// strangeSelectors are those other than the one label that running clusters have: a selector cannot
// be changed.
func strangeSelectors(_ combination, objects []client.Object) (wrong []string) {
	apps := map[string]string{
		"Deployment/agentcube-router": "agentcube-router", "Deployment/workloadmanager": "workloadmanager",
		"Deployment/agentcube-redis": "agentcube-redis", "Deployment/second-redis": "agentcube-redis",
		"Deployment/volcano-agent-scheduler": "agent-scheduler",
		"StatefulSet/spire-server":           "spire-server", "DaemonSet/spire-agent": "spire-agent",
	}
	for _, object := range objects {
		var selector *metav1.LabelSelector
		switch o := object.(type) {
		case *appsv1.Deployment:
			selector = o.Spec.Selector
		case *appsv1.StatefulSet:
			selector = o.Spec.Selector
		case *appsv1.DaemonSet:
			selector = o.Spec.Selector
		default:
			continue
		}
		name := chart.Describe(object)
		if len(selector.MatchLabels) != 1 || selector.MatchLabels["app"] != apps[name] || apps[name] == "" {
			wrong = append(wrong, fmt.Sprintf("%s has %v", name, selector.MatchLabels))
		}
	}
	return wrong
}

// disagreeingIDs compares what the WorkloadManager lets in with the account that the Router runs
// under, and with the selectors of the identities.
func disagreeingIDs(c combination, objects []client.Object) (wrong []string) {
	accounts := map[string]string{}
	for _, object := range objects {
		if deployment, ok := object.(*appsv1.Deployment); ok {
			accounts[deployment.Name] = deployment.Spec.Template.Spec.ServiceAccountName
		}
	}
	trustDomain := "cluster.local"
	if spireSection, _ := c.release.Values["spire"].(map[string]any); spireSection["trustDomain"] != nil {
		trustDomain = spireSection["trustDomain"].(string)
	}
	want := fmt.Sprintf("spiffe://%s/ns/%s/sa/%s", trustDomain, c.release.Namespace, accounts["agentcube-router"])
	for from, spec := range podSpecs(objects) {
		for _, container := range spec.Containers {
			if id, set := env(container)["AGENTCUBE_ALLOWED_CLIENT_SPIFFE_IDS"]; set && id != want {
				wrong = append(wrong, fmt.Sprintf("%s lets in %s, the Router is %s", from, id, want))
			}
			if td, set := env(container)["AGENTCUBE_SPIFFE_TRUST_DOMAIN"]; set && td != trustDomain {
				wrong = append(wrong, fmt.Sprintf("%s expects the trust domain %s, it is %s", from, td, trustDomain))
			}
		}
	}
	for _, id := range ofKind(objects, "ClusterSPIFFEID") {
		spec := id.Object["spec"].(map[string]any)
		app := spec["podSelector"].(map[string]any)["matchLabels"].(map[string]any)["app"].(string)
		selectors := fmt.Sprint(spec["workloadSelectorTemplates"])
		if expected := fmt.Sprintf("[k8s:ns:%s k8s:sa:%s]", c.release.Namespace, accounts[app]); selectors != expected {
			wrong = append(wrong, fmt.Sprintf("%s selects %s, the pods are %s", id.GetName(), selectors, expected))
		}
	}
	return wrong
}

// unpinned are the images of which AgentCube publishes no version with mutual TLS, or none at all.
var unpinned = regexp.MustCompile(`/volcano-sh/(agentcube-router|workloadmanager|vc-agent-scheduler):latest$`)

func unpinnedImages(_ combination, objects []client.Object) (wrong []string) {
	for name, image := range images(objects) {
		_, tag, tagged := strings.Cut(image[strings.LastIndex(image, "/"):], ":")
		if (!tagged || tag == "latest") && !unpinned.MatchString(image) {
			wrong = append(wrong, name+" runs "+image)
		}
	}
	return wrong
}

// clusterScoped are the kinds that have no namespace.
var clusterScoped = map[string]bool{"ClusterRole": true, "ClusterRoleBinding": true, "ClusterSPIFFEID": true}

func unlabelled(c combination, objects []client.Object) (wrong []string) {
	for _, object := range objects {
		namespace := c.release.Namespace
		if clusterScoped[object.GetObjectKind().GroupVersionKind().Kind] {
			namespace = ""
		}
		if object.GetNamespace() != namespace {
			wrong = append(wrong, fmt.Sprintf("%s is in namespace %q", chart.Describe(object), object.GetNamespace()))
		}
		for _, key := range []string{"app", "app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component", "app.kubernetes.io/version", "helm.sh/chart"} {
			if object.GetLabels()[key] == "" {
				wrong = append(wrong, chart.Describe(object)+" lacks the label "+key)
			}
		}
		if object.GetLabels()["app.kubernetes.io/managed-by"] != "Helm" {
			wrong = append(wrong, chart.Describe(object)+" is not said to be helm's")
		}
	}
	return wrong
}

func unbounded(_ combination, objects []client.Object) (wrong []string) {
	for name, spec := range podSpecs(objects) {
		if spec.SecurityContext == nil || spec.SecurityContext.SeccompProfile == nil {
			wrong = append(wrong, name+" has no seccomp profile")
		}
		for _, c := range containers(spec) {
			from := name + ", container " + c.Name
			if c.Resources.Requests.Cpu().IsZero() || c.Resources.Requests.Memory().IsZero() || c.Resources.Limits.Memory().IsZero() {
				wrong = append(wrong, from+" has no bounds")
			}
			wrong = append(wrong, loose(from, c.SecurityContext)...)
		}
	}
	return wrong
}

func loose(from string, security *corev1.SecurityContext) (wrong []string) {
	if security == nil {
		return []string{from + " has no security context"}
	}
	if security.AllowPrivilegeEscalation == nil || *security.AllowPrivilegeEscalation {
		wrong = append(wrong, from+" may gain privileges")
	}
	if security.ReadOnlyRootFilesystem == nil || !*security.ReadOnlyRootFilesystem {
		wrong = append(wrong, from+" may write its root file system")
	}
	if c := security.Capabilities; c == nil || len(c.Drop) != 1 || c.Drop[0] != "ALL" || len(c.Add) > 0 {
		wrong = append(wrong, from+" keeps capabilities")
	}
	return wrong
}
