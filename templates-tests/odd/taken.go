package odd

import (
	"fmt"
	"slices"
	"strings"
)

// Taken are values that a chart uses itself, by their last key: names, ports and paths, with which
// a user's may collide.
type Taken map[string][]any

// alike are the keys of Kubernetes for what the values call otherwise.
var alike = map[string]string{
	"targetPort": "port", "mtlsPort": "port", "healthPort": "port", "containerPort": "port", "hostPort": "port",
	"serviceAccount": "serviceAccountName", "certDir": "mountPath", "hostPath": "path", "secretName": "name", "serviceAccountName": "name",
}

// Add adds the values in an object.
func (t Taken) Add(object any) {
	switch object := object.(type) {
	case map[string]any:
		for key, value := range object {
			switch value.(type) {
			case string, int64, float64:
				t.add(key, value)
			default:
				t.Add(value)
			}
		}
	case []any:
		for _, value := range object {
			t.Add(value)
		}
	}
}

func (t Taken) add(key string, value any) {
	if other, found := alike[key]; found {
		key = other
	}
	if !slices.Contains(t[key], value) {
		t[key] = append(t[key], value)
	}
}

// of returns what a key's value may collide with.
func (t Taken) of(key string, types []string) []candidate {
	if other, found := alike[key]; found {
		key = other
	}
	var found []candidate
	byText := func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) }
	for _, value := range slices.SortedFunc(slices.Values(t[key]), byText) {
		_, text := value.(string)
		if text == slices.Contains(types, "string") {
			found = append(found, candidate{"collision", value})
		}
	}
	return found
}
