package templatestests

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"agentcube-mtls/templates-tests/chart"
)

// usersOwn is the name that the drawn settings give to whatever the user brings: it need not be
// rendered.
const usersOwn = "users"

// references looks names up among the objects of one render.
type references struct {
	objects map[string]client.Object
	pods    map[string]*corev1.PodTemplateSpec
	wrong   []string
}

// danglingReferences are the names in a render that lead nowhere in it.
func danglingReferences(_ combination, objects []client.Object) []string {
	r := &references{objects: map[string]client.Object{}, pods: map[string]*corev1.PodTemplateSpec{}}
	for _, object := range objects {
		name := chart.Describe(object)
		if r.objects[name] != nil {
			r.wrong = append(r.wrong, name+" is rendered twice")
		}
		r.objects[name] = object
		if template := podTemplate(object); template != nil {
			r.pods[name] = template
		}
	}
	for name, spec := range podSpecs(objects) {
		r.pod(name, spec)
	}
	for name, object := range r.objects {
		r.object(name, object)
	}
	return r.wrong
}

func (r *references) need(from, kind, name string) {
	if name != usersOwn && r.objects[kind+"/"+name] == nil {
		r.wrong = append(r.wrong, fmt.Sprintf("%s names %s/%s, which is not rendered", from, kind, name))
	}
}

func (r *references) pod(from string, spec corev1.PodSpec) {
	if spec.ServiceAccountName != "" {
		r.need(from, "ServiceAccount", spec.ServiceAccountName)
	}
	for _, secret := range spec.ImagePullSecrets {
		r.need(from, "Secret", secret.Name)
	}
	volumes := map[string]bool{}
	for _, v := range spec.Volumes {
		volumes[v.Name] = false
		if v.ConfigMap != nil {
			r.need(from, "ConfigMap", v.ConfigMap.Name)
		}
		if v.Secret != nil {
			r.need(from, "Secret", v.Secret.SecretName)
		}
	}
	if set, ok := r.objects[from].(*appsv1.StatefulSet); ok {
		for _, claim := range set.Spec.VolumeClaimTemplates {
			volumes[claim.Name] = false
		}
	}
	for _, c := range containers(spec) {
		r.container(from+", container "+c.Name, c, volumes)
	}
	for name, used := range volumes {
		if !used {
			r.wrong = append(r.wrong, from+" mounts its volume "+name+" nowhere")
		}
	}
}

func (r *references) container(from string, c corev1.Container, volumes map[string]bool) {
	for _, mount := range c.VolumeMounts {
		if _, there := volumes[mount.Name]; !there {
			r.wrong = append(r.wrong, from+" mounts "+mount.Name+", which is no volume")
		}
		volumes[mount.Name] = true
	}
	for _, v := range c.Env {
		if v.ValueFrom != nil && v.ValueFrom.SecretKeyRef != nil {
			ref := v.ValueFrom.SecretKeyRef
			r.need(from, "Secret", ref.Name)
			if secret, ok := r.objects["Secret/"+ref.Name].(*corev1.Secret); ok && secret.StringData[ref.Key] == "" {
				r.wrong = append(r.wrong, fmt.Sprintf("%s reads key %s, which Secret/%s lacks", from, ref.Key, ref.Name))
			}
		}
	}
	for _, probe := range []*corev1.Probe{c.StartupProbe, c.LivenessProbe, c.ReadinessProbe} {
		if port := probedPort(probe); port.StrVal != "" && !hasPort(c, port.StrVal) {
			r.wrong = append(r.wrong, from+" probes port "+port.StrVal+", which it does not have")
		}
	}
}

func probedPort(probe *corev1.Probe) intstr.IntOrString {
	switch {
	case probe == nil:
		return intstr.IntOrString{}
	case probe.HTTPGet != nil:
		return probe.HTTPGet.Port
	case probe.TCPSocket != nil:
		return probe.TCPSocket.Port
	default:
		return intstr.IntOrString{}
	}
}

func hasPort(c corev1.Container, name string) bool {
	return slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.Name == name })
}

func (r *references) object(from string, object client.Object) {
	switch o := object.(type) {
	case *corev1.Service:
		r.service(from, o)
	case *appsv1.StatefulSet:
		r.need(from, "Service", o.Spec.ServiceName)
	case *policyv1.PodDisruptionBudget:
		r.selected(from, o.Spec.Selector.MatchLabels)
	case *networkingv1.NetworkPolicy:
		guarded := r.selected(from, o.Spec.PodSelector.MatchLabels)
		for _, rule := range o.Spec.Ingress {
			for _, port := range rule.Ports {
				if port.Port.StrVal != "" {
					r.served(from, guarded, port.Port.StrVal)
				}
			}
			for _, peer := range rule.From {
				if peer.PodSelector != nil {
					r.selected(from, peer.PodSelector.MatchLabels)
				}
			}
		}
	case *autoscalingv2.HorizontalPodAutoscaler:
		r.need(from, o.Spec.ScaleTargetRef.Kind, o.Spec.ScaleTargetRef.Name)
	case *unstructured.Unstructured:
		if o.GetKind() == "PodMonitor" {
			r.podMonitor(from, o)
		}
	case *rbacv1.RoleBinding:
		r.need(from, o.RoleRef.Kind, o.RoleRef.Name)
		r.subjects(from, o.Subjects)
	case *rbacv1.ClusterRoleBinding:
		r.need(from, o.RoleRef.Kind, o.RoleRef.Name)
		r.subjects(from, o.Subjects)
	}
}

func (r *references) subjects(from string, subjects []rbacv1.Subject) {
	for _, subject := range subjects {
		r.need(from, subject.Kind, subject.Name)
		if account := r.objects["ServiceAccount/"+subject.Name]; account != nil && account.GetNamespace() != subject.Namespace {
			r.wrong = append(r.wrong, from+" binds an account of another namespace")
		}
	}
}

// service wants pods behind the selector, and behind its ports taken together at least one that
// they have.
func (r *references) service(from string, service *corev1.Service) {
	served := 0
	for _, template := range r.selected(from, service.Spec.Selector) {
		for _, port := range service.Spec.Ports {
			if slices.ContainsFunc(containers(template.Spec), func(c corev1.Container) bool { return hasPort(c, port.TargetPort.StrVal) }) {
				served++
			}
		}
	}
	if served == 0 {
		r.wrong = append(r.wrong, from+" leads to no port of its pods")
	}
}

func (r *references) podMonitor(from string, monitor *unstructured.Unstructured) {
	matchLabels, _, err := unstructured.NestedStringMap(monitor.Object, "spec", "selector", "matchLabels")
	if err != nil {
		r.wrong = append(r.wrong, from+": "+err.Error())
	}
	endpoints, _, err := unstructured.NestedSlice(monitor.Object, "spec", "podMetricsEndpoints")
	if err != nil || len(endpoints) == 0 {
		r.wrong = append(r.wrong, fmt.Sprintf("%s asks no port: %v", from, err))
	}
	for _, endpoint := range endpoints {
		r.served(from, r.selected(from, matchLabels), endpoint.(map[string]any)["port"].(string))
	}
}

// served wants the pods to have a port of that name.
func (r *references) served(from string, templates []*corev1.PodTemplateSpec, port string) {
	for _, template := range templates {
		if !slices.ContainsFunc(containers(template.Spec), func(c corev1.Container) bool { return hasPort(c, port) }) {
			r.wrong = append(r.wrong, from+" names port "+port+", which its pods do not have")
		}
	}
}

func (r *references) selected(from string, matchLabels map[string]string) []*corev1.PodTemplateSpec {
	selector, err := metav1.LabelSelectorAsSelector(&metav1.LabelSelector{MatchLabels: matchLabels})
	if err != nil {
		r.wrong = append(r.wrong, from+": "+err.Error())
		return nil
	}
	var templates []*corev1.PodTemplateSpec
	for _, template := range r.pods {
		if selector.Matches(labels.Set(template.Labels)) {
			templates = append(templates, template)
		}
	}
	if len(templates) == 0 {
		r.wrong = append(r.wrong, fmt.Sprintf("%s selects no pods by %v", from, matchLabels))
	}
	return templates
}
