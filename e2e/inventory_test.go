package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"agentcube-mtls/e2e/suite"
)

// inventory returns the objects, of every kind that the API server knows and in every namespace,
// that name a release anywhere, and all custom resource definitions, which releases share. Events
// are left out, because they expire by themselves.
func inventory(ctx context.Context, release string) ([]string, error) {
	kinds, err := suite.Env.Release.Discovery().ServerPreferredResources()
	if err != nil {
		return nil, err
	}
	quiet := rest.CopyConfig(suite.Env.Release.Config)
	quiet.WarningHandler = rest.NoWarnings{} // of deprecated kinds
	client, err := dynamic.NewForConfig(quiet)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, kind := range discovery.FilteredBy(discovery.SupportsAllVerbs{Verbs: []string{"list"}}, kinds) {
		version, err := schema.ParseGroupVersion(kind.GroupVersion)
		if err != nil {
			return nil, err
		}
		for _, resource := range kind.APIResources {
			if resource.Name == "events" {
				continue
			}
			list, err := client.Resource(version.WithResource(resource.Name)).List(ctx, metav1.ListOptions{})
			if err != nil {
				return nil, fmt.Errorf("listing %s: %w", resource.Name, err)
			}
			for _, object := range list.Items {
				content, err := object.MarshalJSON()
				if err != nil {
					return nil, err
				}
				if resource.Name == "customresourcedefinitions" || strings.Contains(string(content), release) {
					found = append(found, resource.Name+"/"+object.GetName())
				}
			}
		}
	}
	slices.Sort(found)
	return found, nil
}
