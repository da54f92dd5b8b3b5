package generate

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// resourcePath is where Kubernetes serves the objects of a resource.
var resourcePath = regexp.MustCompile(`^/(?:api|apis/([^/]+))/v[^/]+/(?:namespaces/\{namespace\}/)?([a-z]+)/?$`)

// shortNames are those by which kubectl knows resources, and RBAC does not.
var shortNames = map[string]string{
	"cj": "cronjobs", "cm": "configmaps", "crd": "customresourcedefinitions", "csr": "certificatesigningrequests", "deploy": "deployments",
	"ds": "daemonsets", "ep": "endpoints", "ev": "events", "hpa": "horizontalpodautoscalers", "ing": "ingresses", "netpol": "networkpolicies",
	"no": "nodes", "ns": "namespaces", "pc": "priorityclasses", "pdb": "poddisruptionbudgets", "po": "pods", "pv": "persistentvolumes",
	"pvc": "persistentvolumeclaims", "quota": "resourcequotas", "rs": "replicasets", "sa": "serviceaccounts", "sc": "storageclasses",
	"sts": "statefulsets", "svc": "services",
}

// Resources makes files/resources.json, by which the chart tells a rule of RBAC that grants nothing:
// Kubernetes' own resources with the groups that have them, and other names that people give them.
func Resources(ctx context.Context, root string) (Files, error) {
	var described struct {
		Paths map[string]struct {
			Post struct {
				Object struct {
					Kind string `json:"kind"`
				} `json:"x-kubernetes-group-version-kind"`
			} `json:"post"`
		} `json:"paths"`
	}
	if err := describeKubernetes(ctx, root, &described); err != nil {
		return nil, err
	}
	groups := map[string][]string{}
	all := map[string]bool{}
	others := maps.Clone(shortNames)
	for path, operations := range described.Paths {
		match := resourcePath.FindStringSubmatch(path)
		if match == nil {
			continue
		}
		group, resource := match[1], match[2]
		all[group] = true
		if !slices.Contains(groups[resource], group) {
			groups[resource] = append(groups[resource], group)
			slices.Sort(groups[resource])
		}
		if kind := operations.Post.Object.Kind; kind != "" {
			others[strings.ToLower(kind)] = resource
		}
	}
	for resource := range groups {
		delete(others, resource)
	}
	out, err := json.MarshalIndent(map[string]any{"groups": slices.Sorted(maps.Keys(all)), "groupsOf": groups, "others": others}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the resources: %w", err)
	}
	return Files{"charts/base/files/resources.json": append(out, '\n')}, nil
}
