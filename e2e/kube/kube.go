// Package kube is the harness's client of a cluster's API.
package kube

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/remotecommand"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrl "sigs.k8s.io/controller-runtime/pkg/log"
)

// fieldManager owns the fields that the harness applies.
const fieldManager = client.FieldOwner("agentcube-mtls")

// patience bounds every wait. No check depends on it: it is far above what a busy machine takes.
const patience = 5 * time.Minute

// interval is the time between two checks of a wait. Each check costs the API server, and often a
// process, some work.
const interval = time.Second

// Client talks to one cluster.
type Client struct {
	kubernetes.Interface
	Objects client.Client
	Config  *rest.Config
}

// Connect returns a client for the cluster of a kubeconfig file.
func Connect(kubeconfig string) (*Client, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS, config.Burst = 100, 200
	typed, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	ctrl.SetLogger(logr.Discard()) // the client's errors say enough
	objects, err := client.New(config, client.Options{})
	if err != nil {
		return nil, err
	}
	return &Client{Interface: typed, Objects: objects, Config: config}, nil
}

// Decode returns the objects of a YAML stream.
func Decode(manifests io.Reader) ([]*unstructured.Unstructured, error) {
	decoder := yaml.NewYAMLOrJSONDecoder(manifests, 4096)
	var objects []*unstructured.Unstructured
	for {
		object := &unstructured.Unstructured{}
		if err := decoder.Decode(object); errors.Is(err, io.EOF) {
			return objects, nil
		} else if err != nil {
			return nil, err
		}
		if len(object.Object) > 0 {
			objects = append(objects, object)
		}
	}
}

// Apply applies objects on the server's side, one after the other.
func (c *Client) Apply(ctx context.Context, objects ...*unstructured.Unstructured) error {
	for _, object := range objects {
		err := c.Objects.Apply(ctx, client.ApplyConfigurationFromUnstructured(object), fieldManager, client.ForceOwnership)
		if err != nil {
			return fmt.Errorf("applying %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	return nil
}

// Eventually waits until check returns no error. If it never does, the error says what was awaited
// and what check said last.
func Eventually(ctx context.Context, what string, check func(context.Context) error) error {
	var last error
	err := wait.PollUntilContextTimeout(ctx, interval, patience, true, func(ctx context.Context) (bool, error) {
		err := check(ctx)
		// A check that was cut short says nothing about what was awaited.
		if ctx.Err() == nil || last == nil {
			last = err
		}
		return err == nil, nil
	})
	switch {
	case err == nil:
		return nil
	case last == nil: // there was no time to look
		return fmt.Errorf("waiting for %s: %w", what, err)
	}
	return fmt.Errorf("waiting for %s: %w; last seen: %w", what, err, last)
}

// Exec runs a program in a container and returns what it printed on its standard output.
func (c *Client) Exec(ctx context.Context, namespace, pod, container string, command ...string) (string, error) {
	request := c.CoreV1().RESTClient().Post().Resource("pods").Namespace(namespace).Name(pod).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{Container: container, Command: command, Stdout: true, Stderr: true}, scheme.ParameterCodec)
	executor, err := remotecommand.NewSPDYExecutor(c.Config, "POST", request.URL())
	if err != nil {
		return "", err
	}
	var stdout, stderr bytes.Buffer
	if err := executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdout: &stdout, Stderr: &stderr}); err != nil {
		return "", fmt.Errorf("%s in %s/%s: %w: %s", strings.Join(command, " "), namespace, pod, err, stderr.String())
	}
	return stdout.String(), nil
}

// Logs returns what a container has printed.
func (c *Client) Logs(ctx context.Context, namespace, pod, container string) (string, error) {
	data, err := c.CoreV1().Pods(namespace).GetLogs(pod, &corev1.PodLogOptions{Container: container}).DoRaw(ctx)
	return string(data), err
}

// Unready returns a line for every pod of a namespace that is not ready, with what it waits for.
func (c *Client) Unready(ctx context.Context, namespace string) []string {
	pods, err := c.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return []string{err.Error()}
	}
	var lines []string
	for _, pod := range pods.Items {
		lines = append(lines, waits(&pod)...)
	}
	return lines
}

// waits returns a line for everything that a pod waits for.
func waits(pod *corev1.Pod) []string {
	var lines []string
	for _, status := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		switch {
		case status.Ready:
		case status.State.Waiting != nil:
			lines = append(lines, fmt.Sprintf("%s/%s: %s %s", pod.Name, status.Name, status.State.Waiting.Reason, status.State.Waiting.Message))
		case status.State.Running != nil:
			lines = append(lines, fmt.Sprintf("%s/%s: runs, but is not ready", pod.Name, status.Name))
		}
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse {
			lines = append(lines, fmt.Sprintf("%s: %s", pod.Name, condition.Message))
		}
	}
	return lines
}
