package workloadmanager

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/volcano-sh/agentcube/pkg/api"
	runtimev1alpha1 "github.com/volcano-sh/agentcube/pkg/apis/runtime/v1alpha1"
	"github.com/volcano-sh/agentcube/pkg/common/types"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/rand"
	sandboxv1alpha1 "sigs.k8s.io/agent-sandbox/api/v1alpha1"
	extensionsv1alpha1 "sigs.k8s.io/agent-sandbox/extensions/api/v1alpha1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	sessionLabel   = "runtime.agentcube.io/session-id"
	workloadLabel  = "runtime.agentcube.io/workload-name"
	sandboxLabel   = "runtime.agentcube.io/sandbox-name"
	managedByLabel = "managed-by"
	managedBy      = "agentcube-workload-manager"
	idleAnnotation = "runtime.agentcube.io/idle-timeout" // a Go duration

	defaultIdle = 15 * time.Minute // a session may be silent
	defaultLife = 8 * time.Hour    // a session may last
)

// workload is what both kinds of runtime come down to.
type workload struct {
	claims              *metav1.OwnerReference // the CodeInterpreter whose warm pool has its sandboxes; nil makes new ones
	key                 client.ObjectKey
	pod                 corev1.PodSpec
	labels, annotations map[string]string
	ports               []runtimev1alpha1.TargetPort
	idle, life          time.Duration
}

// workload reads the runtime that the request names. It fails with
// api.ErrAgentRuntimeNotFound or api.ErrCodeInterpreterNotFound where there is none.
func (s *Server) workload(ctx context.Context, request types.CreateSandboxRequest) (*workload, error) {
	key := client.ObjectKey{Namespace: request.Namespace, Name: request.Name}
	if request.Kind == types.AgentRuntimeKind {
		return s.agentRuntime(ctx, key)
	}
	return s.codeInterpreter(ctx, key)
}

func (s *Server) agentRuntime(ctx context.Context, key client.ObjectKey) (*workload, error) {
	var object runtimev1alpha1.AgentRuntime
	if err := s.cluster.Runtimes.Get(ctx, key, &object); err != nil {
		return nil, missing(err, api.ErrAgentRuntimeNotFound)
	}
	template := object.Spec.Template
	if template == nil {
		return nil, api.ErrTemplateMissing
	}
	pod := template.Spec
	pod.RuntimeClassName = s.runtimeClass(pod.RuntimeClassName)
	return &workload{
		key: key, pod: pod, labels: template.Labels, annotations: template.Annotations,
		ports: object.Spec.Ports,
		idle:  orDefault(object.Spec.SessionTimeout, defaultIdle),
		life:  orDefault(object.Spec.MaxSessionDuration, defaultLife),
	}, nil
}

func (s *Server) codeInterpreter(ctx context.Context, key client.ObjectKey) (*workload, error) {
	var object runtimev1alpha1.CodeInterpreter
	if err := s.cluster.Runtimes.Get(ctx, key, &object); err != nil {
		return nil, missing(err, api.ErrCodeInterpreterNotFound)
	}
	w, err := s.interpreter(&object)
	if err == nil && warm(&object) {
		w.claims = &metav1.OwnerReference{
			APIVersion: runtimev1alpha1.GroupVersion.String(), Kind: types.CodeInterpreterKind, Name: object.Name, UID: object.UID,
		}
	}
	return w, err
}

// interpreter is the workload of a CodeInterpreter, warm or not.
func (s *Server) interpreter(object *runtimev1alpha1.CodeInterpreter) (*workload, error) {
	template := object.Spec.Template
	if template == nil {
		return nil, api.ErrTemplateMissing
	}
	env := template.Environment
	if object.Spec.AuthMode != runtimev1alpha1.AuthModeNone {
		key, err := s.knownRouterKey()
		if err != nil {
			return nil, err
		}
		env = append(env, corev1.EnvVar{Name: "PICOD_AUTH_PUBLIC_KEY", Value: key})
	}
	ports := object.Spec.Ports
	if len(ports) == 0 { // PicoD's own
		ports = []runtimev1alpha1.TargetPort{{Port: 8080, Protocol: runtimev1alpha1.ProtocolTypeHTTP, PathPrefix: "/"}}
	}
	return &workload{
		key: client.ObjectKeyFromObject(object), labels: template.Labels, annotations: template.Annotations, ports: ports,
		pod: corev1.PodSpec{
			ImagePullSecrets: template.ImagePullSecrets,
			RuntimeClassName: s.runtimeClass(template.RuntimeClassName),
			Containers: []corev1.Container{{
				Name:            "code-interpreter",
				Image:           template.Image,
				ImagePullPolicy: template.ImagePullPolicy,
				Env:             env,
				Command:         template.Command,
				Args:            template.Args,
				Resources:       template.Resources,
			}},
		},
		idle: orDefault(object.Spec.SessionTimeout, defaultIdle),
		life: orDefault(object.Spec.MaxSessionDuration, defaultLife),
	}, nil
}

// runtimeClass is the template's, else the flag's. An empty one means the
// cluster's default in either place, which Kubernetes writes as nil.
func (s *Server) runtimeClass(template *string) *string {
	if template == nil {
		template = &s.config.RuntimeClassName
	}
	if *template == "" {
		return nil
	}
	return template
}

// object is what is made for one session of the workload: a claim on its warm pool, or a Sandbox.
func (w *workload) object(session string, now time.Time) client.Object {
	name := w.key.Name + "-" + rand.String(8)
	if w.claims != nil {
		return w.claim(name, session)
	}
	return w.sandbox(name, session, now)
}

func (w *workload) claim(name, session string) *extensionsv1alpha1.SandboxClaim {
	return &extensionsv1alpha1.SandboxClaim{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: w.key.Namespace, OwnerReferences: []metav1.OwnerReference{*w.claims},
			Labels: map[string]string{sessionLabel: session, sandboxLabel: name},
		},
		Spec: extensionsv1alpha1.SandboxClaimSpec{TemplateRef: extensionsv1alpha1.SandboxTemplateRef{Name: w.key.Name}},
	}
}

func (w *workload) sandbox(name, session string, now time.Time) *sandboxv1alpha1.Sandbox {
	podLabels := map[string]string{}
	maps.Copy(podLabels, w.labels)
	podLabels[sessionLabel], podLabels[sandboxLabel] = session, name
	return &sandboxv1alpha1.Sandbox{
		ObjectMeta: metav1.ObjectMeta{
			Name:      name,
			Namespace: w.key.Namespace,
			Labels: map[string]string{
				sessionLabel:   session,
				workloadLabel:  w.key.Name,
				managedByLabel: managedBy,
			},
			Annotations: map[string]string{idleAnnotation: w.idle.String()},
		},
		Spec: sandboxv1alpha1.SandboxSpec{
			PodTemplate: sandboxv1alpha1.PodTemplate{
				Spec:       w.pod,
				ObjectMeta: sandboxv1alpha1.PodMetadata{Labels: podLabels, Annotations: w.annotations},
			},
			Lifecycle: sandboxv1alpha1.Lifecycle{
				ShutdownTime: &metav1.Time{Time: now.Add(w.life)},
				// Even where the store has lost the session, nothing is left behind.
				ShutdownPolicy: new(sandboxv1alpha1.ShutdownPolicyDelete),
			},
			Replicas: new(int32(1)),
		},
	}
}

// missing is notFound where the informer says so, else the error itself.
func missing(err, notFound error) error {
	if apierrors.IsNotFound(err) {
		return notFound
	}
	return fmt.Errorf("reading runtime: %w", err)
}

func orDefault(d *metav1.Duration, fallback time.Duration) time.Duration {
	if d == nil || d.Duration == 0 {
		return fallback
	}
	return d.Duration
}
