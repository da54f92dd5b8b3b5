package chart

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/fake"
)

// cluster answers the templates' look-ups as a cluster does that has a namespace kube-system, and nothing else.
type cluster struct{}

func (cluster) GetClientFor(_, _ string) (dynamic.NamespaceableResourceInterface, bool, error) {
	system := &unstructured.Unstructured{}
	system.SetAPIVersion("v1")
	system.SetKind("Namespace")
	system.SetName("kube-system")
	resource := schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}
	client := fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(),
		map[schema.GroupVersionResource]string{resource: "NamespaceList"}, system)
	return client.Resource(resource), false, nil
}
