package e2e

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// inventory returns the objects, of every kind that the API server knows and in every namespace, that name a release anywhere,
// and all custom resource definitions, which releases share. Events are left out: they go by themselves, in their own time.
func inventory(ctx context.Context, t *testing.T, release string) []string {
	t.Helper()
	kinds, err := suite.release.Discovery().ServerPreferredResources()
	require.NoError(t, err)
	quiet := rest.CopyConfig(suite.release.Config)
	quiet.WarningHandler = rest.NoWarnings{} // of kinds that are on their way out
	client, err := dynamic.NewForConfig(quiet)
	require.NoError(t, err)
	found := []string{}
	for _, kind := range discovery.FilteredBy(discovery.SupportsAllVerbs{Verbs: []string{"list"}}, kinds) {
		version, err := schema.ParseGroupVersion(kind.GroupVersion)
		require.NoError(t, err)
		for _, resource := range kind.APIResources {
			if resource.Name == "events" {
				continue
			}
			list, err := client.Resource(version.WithResource(resource.Name)).List(ctx, metav1.ListOptions{})
			require.NoError(t, err, resource.Name)
			for _, object := range list.Items {
				if resource.Name == "customresourcedefinitions" || names(t, object, release) {
					found = append(found, resource.Name+"/"+object.GetName())
				}
			}
		}
	}
	slices.Sort(found)
	return found
}

func names(t *testing.T, object unstructured.Unstructured, release string) bool {
	t.Helper()
	content, err := json.Marshal(object.Object)
	require.NoError(t, err)
	return strings.Contains(string(content), release)
}
