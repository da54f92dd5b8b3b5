package suite

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"agentcube-mtls/e2e/report"
	"agentcube-mtls/internal/repo"
)

// reported is the report of this run, which grows as scenarios end.
var reported struct {
	sync.Mutex
	report.Report
}

// describe reports what the scenarios run on.
func describe(ctx context.Context) error {
	version, err := Env.Release.Discovery().ServerVersion()
	if err != nil {
		return err
	}
	helm, err := Env.Helm.Run(ctx, "version", "--template", "{{.Version}}")
	if err != nil {
		return err
	}
	pods, err := Env.Release.CoreV1().Pods(Env.Release.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	reported.Kubernetes, reported.Helm = version.GitVersion, helm
	for _, pod := range pods.Items {
		for _, container := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
			reported.Images = append(reported.Images, container.Image)
		}
	}
	slices.Sort(reported.Images)
	reported.Images = slices.Compact(reported.Images)
	return nil
}

// note changes what is reported of the scenario that a test belongs to.
func note(t *testing.T, change func(*report.Scenario)) {
	t.Helper()
	name, _, _ := strings.Cut(strings.TrimPrefix(t.Name(), "TestScenarios/"), "/")
	reported.Lock()
	defer reported.Unlock()
	at := slices.IndexFunc(reported.Scenarios, func(s report.Scenario) bool { return s.Name == name })
	if at < 0 {
		at = len(reported.Scenarios)
		reported.Scenarios = append(reported.Scenarios, report.Scenario{Name: name})
	}
	change(&reported.Scenarios[at])
}

// result returns what became of a test that ends.
func result(t *testing.T) report.Result {
	t.Helper()
	switch {
	case t.Failed():
		return report.Failed
	case t.Skipped():
		return report.Skipped
	}
	return report.Passed
}

// writeReport writes the report, sorted by name, and returns where.
func writeReport(scenarios []Scenario) (string, error) {
	path := repo.Path("artifacts", "report.json")
	reported.Lock() // an interrupted run leaves tests behind that go on
	defer reported.Unlock()
	for _, s := range scenarios {
		if !slices.ContainsFunc(reported.Scenarios, func(r report.Scenario) bool { return r.Name == s.Name }) {
			reported.Missing = append(reported.Missing, s.Name)
		}
	}
	slices.SortFunc(reported.Scenarios, func(a, b report.Scenario) int { return cmp.Compare(a.Name, b.Name) })
	return path, reported.Write(path)
}
