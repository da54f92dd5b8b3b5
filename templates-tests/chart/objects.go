package chart

import (
	"fmt"
	"path"
	"regexp"
	"sort"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// strict refuses fields that a kind does not have, so a misplaced line fails whichever test reads
// the object.
var strict = serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()

// documents are what lies between the lines of a file that hold three dashes.
var documents = regexp.MustCompile(`(?m)^---\s*$`)

// Objects renders the release and reads every manifest into the type of its kind, or, where
// client-go knows none, leaves it unstructured. The order is that of the templates' paths.
func (r Release) Objects() ([]client.Object, error) {
	manifests, err := r.Render()
	if err != nil {
		return nil, err
	}
	return Decode(manifests)
}

// Decode reads the manifests of a render.
func Decode(manifests map[string]string) ([]client.Object, error) {
	paths := make([]string, 0, len(manifests))
	for p := range manifests {
		if path.Ext(p) == ".yaml" {
			paths = append(paths, p)
		}
	}
	sort.Strings(paths)

	var objects []client.Object
	for _, p := range paths {
		for _, manifest := range documents.Split(manifests[p], -1) {
			object, err := decode([]byte(manifest))
			if err != nil {
				return nil, fmt.Errorf("%s: %w\n%s", p, err, manifest)
			}
			if object != nil {
				objects = append(objects, object)
			}
		}
	}
	return objects, nil
}

// decode returns nil for a manifest that holds nothing but comments.
func decode(manifest []byte) (client.Object, error) {
	asJSON, err := yaml.YAMLToJSONStrict(manifest)
	if err != nil {
		return nil, err
	}
	if string(asJSON) == "null" {
		return nil, nil
	}
	object, _, err := strict.Decode(asJSON, nil, nil)
	if runtime.IsNotRegisteredError(err) {
		var other unstructured.Unstructured
		return &other, other.UnmarshalJSON(asJSON)
	}
	if err != nil {
		return nil, err
	}
	return object.(client.Object), nil
}

// Describe names an object as kubectl would: kind/name.
func Describe(object client.Object) string {
	return object.GetObjectKind().GroupVersionKind().Kind + "/" + object.GetName()
}
