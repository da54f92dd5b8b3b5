package templatestests

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"agentcube-mtls/templates-tests/chart"
)

// plain and spire are the two modes, each as the shortest values that give it.
const (
	plain = `redis: {addr: "redis:6379"}`
	spire = `
redis: {addr: "redis:6379"}
spire: {enabled: true}`
)

// values reads YAML documents, each laid over those before it.
func values(t testing.TB, documents ...string) map[string]any {
	t.Helper()
	all := map[string]any{}
	for _, document := range documents {
		var one map[string]any
		require.NoError(t, yaml.Unmarshal([]byte(document), &one), "values of the test:\n%s", document)
		overlay(all, one)
	}
	return all
}

func overlay(under, over map[string]any) {
	for key, value := range over {
		below, isMap := under[key].(map[string]any)
		above, alsoMap := value.(map[string]any)
		if isMap && alsoMap {
			overlay(below, above)
			continue
		}
		under[key] = value
	}
}

// render returns the objects of a first install with these values.
func render(t testing.TB, documents ...string) []client.Object {
	t.Helper()
	return renderRelease(t, chart.Release{Values: values(t, documents...)})
}

func renderRelease(t testing.TB, release chart.Release) []client.Object {
	t.Helper()
	objects, err := release.Objects()
	require.NoError(t, err, "the chart must render")
	require.NotEmpty(t, objects)
	return objects
}

// get returns the object of T's kind with that name; the test fails without it.
func get[T client.Object](t testing.TB, objects []client.Object, name string) T {
	t.Helper()
	var there []string
	for _, object := range objects {
		if typed, ok := object.(T); ok && object.GetName() == name {
			return typed
		}
		there = append(there, chart.Describe(object))
	}
	var wanted T
	require.FailNowf(t, "object not rendered", "want a %T named %s, got:\n%s", wanted, name, strings.Join(there, "\n"))
	return wanted
}

// all returns the objects of T's kind.
func all[T client.Object](objects []client.Object) []T {
	var found []T
	for _, object := range objects {
		if typed, ok := object.(T); ok {
			found = append(found, typed)
		}
	}
	return found
}

// ofKind returns the objects of a kind that client-go does not know.
func ofKind(objects []client.Object, kind string) []*unstructured.Unstructured {
	var found []*unstructured.Unstructured
	for _, object := range all[*unstructured.Unstructured](objects) {
		if object.GetKind() == kind {
			found = append(found, object)
		}
	}
	return found
}

func container(t testing.TB, pod corev1.PodSpec, name string) corev1.Container {
	t.Helper()
	for _, c := range containers(pod) {
		if c.Name == name {
			return c
		}
	}
	require.FailNowf(t, "container not rendered", "want a container named %s", name)
	return corev1.Container{}
}

// env returns a container's plain variables.
func env(c corev1.Container) map[string]string {
	variables := map[string]string{}
	for _, v := range c.Env {
		variables[v.Name] = v.Value
	}
	return variables
}
