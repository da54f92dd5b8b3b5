package apiserver

import (
	"context"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
)

// Objects are those that a server holds, by resource, namespace and name.
type Objects map[string]*unstructured.Unstructured

// serversOwn are resources that the server itself writes while it runs.
var serversOwn = map[string]bool{
	"apiservices": true, "events": true, "flowschemas": true, "ipaddresses": true, "leases": true, "prioritylevelconfigurations": true,
}

// Objects lists everything that the server holds, of every kind, except what it writes itself while
// it runs.
func (s *Server) Objects(ctx context.Context) (Objects, error) {
	return s.list(ctx, "", "")
}

// ObjectsOfHelm lists the objects that the release in a namespace is made of, without what
// controllers make of them.
func (s *Server) ObjectsOfHelm(ctx context.Context, namespace string) (Objects, error) {
	listed, err := s.list(ctx, namespace, "app.kubernetes.io/managed-by=Helm")
	of := Objects{}
	for key, object := range listed {
		// A ReplicaSet has its Deployment's annotations.
		if object.GetAnnotations()["meta.helm.sh/release-namespace"] == namespace && len(object.GetOwnerReferences()) == 0 {
			of[key] = object
		}
	}
	return of, err
}

// list lists objects of every kind that match a label selector, of those with a namespace only what
// is in one; empty: in any.
func (s *Server) list(ctx context.Context, namespace, selector string) (Objects, error) {
	found, err := discovery.NewDiscoveryClientForConfig(s.Config)
	if err != nil {
		return nil, err
	}
	kinds, err := discovery.ServerPreferredResources(found)
	if err != nil {
		return nil, fmt.Errorf("asking for the kinds of the server: %w", err)
	}
	client, err := dynamic.NewForConfig(s.Config)
	if err != nil {
		return nil, err
	}
	all := Objects{}
	for _, list := range discovery.FilteredBy(discovery.SupportsAllVerbs{Verbs: []string{"list", "delete"}}, kinds) {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return nil, err
		}
		for _, kind := range list.APIResources {
			if serversOwn[kind.Name] {
				continue
			}
			var resource dynamic.ResourceInterface = client.Resource(version.WithResource(kind.Name))
			if kind.Namespaced {
				resource = client.Resource(version.WithResource(kind.Name)).Namespace(namespace)
			}
			listed, err := resource.List(ctx, metav1.ListOptions{LabelSelector: selector})
			if err != nil {
				return nil, fmt.Errorf("listing %s: %w", kind.Name, err)
			}
			for i := range listed.Items {
				object := &listed.Items[i]
				all[version.WithResource(kind.Name).GroupResource().String()+" "+object.GetNamespace()+"/"+object.GetName()] = object
			}
		}
	}
	return all, nil
}

// Of returns the objects of releases: the namespaces, what is in them, and what helm created for
// them outside.
func (o Objects) Of(namespaces ...string) Objects {
	of := Objects{}
	for key, object := range o {
		for _, namespace := range []string{object.GetNamespace(), object.GetAnnotations()["meta.helm.sh/release-namespace"], object.GetLabels()["kubernetes.io/metadata.name"]} {
			if slices.Contains(namespaces, namespace) {
				of[key] = object
			}
		}
	}
	return of
}

// Since returns the keys of objects that were not there before.
func (o Objects) Since(before Objects) []string {
	keys := []string{}
	for key := range o {
		if before[key] == nil {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// Written returns the versions of the objects. Two states with the same versions are the same,
// because each write changes an object's version.
func (o Objects) Written() map[string]string {
	versions := map[string]string{}
	for key, object := range o {
		versions[key] = object.GetResourceVersion()
	}
	return versions
}

// Meant returns the objects without what helm and the chart keep for the next upgrade, and without
// what the server sets in each object that is created.
func (o Objects) Meant() Objects {
	meant := Objects{}
	for key, object := range o {
		if kind, _, _ := unstructured.NestedString(object.Object, "type"); kind == "helm.sh/release.v1" {
			continue
		}
		object = object.DeepCopy()
		for _, field := range [][]string{
			{"metadata", "creationTimestamp"}, {"metadata", "generation"}, {"metadata", "managedFields"}, {"metadata", "resourceVersion"}, {"metadata", "uid"},
			{"metadata", "annotations", "agentcube.volcano.sh/deployed-mode"},
			{"metadata", "annotations", "agentcube.volcano.sh/revision"},
			{"metadata", "annotations", "deployment.kubernetes.io/revision"},
			{"metadata", "annotations", "deprecated.daemonset.template.generation"},
			{"spec", "clusterIP"}, {"spec", "clusterIPs"}, {"status"},
		} {
			unstructured.RemoveNestedField(object.Object, field...)
		}
		meant[key] = object
	}
	return meant
}
