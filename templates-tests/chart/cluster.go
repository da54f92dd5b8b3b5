package chart

import (
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/fake"
)

// cluster answers the templates' look-ups as a cluster does that has a namespace kube-system, a
// default StorageClass, and nothing else.
type cluster struct{}

func (cluster) GetClientFor(apiVersion, kind string) (dynamic.NamespaceableResourceInterface, bool, error) {
	group, err := schema.ParseGroupVersion(apiVersion)
	if err != nil {
		return nil, false, err
	}
	resource, _ := meta.UnsafeGuessKindToResource(group.WithKind(kind))
	kinds := map[schema.GroupVersionResource]string{resource: kind + "List"}
	client := fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), kinds,
		object("v1", "Namespace", "kube-system", nil),
		object("storage.k8s.io/v1", "StorageClass", "standard", map[string]string{"storageclass.kubernetes.io/is-default-class": "true"}))
	return client.Resource(resource), false, nil
}

func object(apiVersion, kind, name string, annotations map[string]string) *unstructured.Unstructured {
	made := &unstructured.Unstructured{}
	made.SetAPIVersion(apiVersion)
	made.SetKind(kind)
	made.SetName(name)
	made.SetAnnotations(annotations)
	return made
}
