// Package e2e holds the scenarios: tests of the charts on a running kind cluster, as values of type
// suite.Scenario in its _test.go files. TestScenarios runs them.
//
// The packages below it, in the order in which `make up` uses them:
//
//	cmd                 the programs: agentcube is behind `make up`, others run in the cluster
//	progress            what the user sees of each step
//	environment         brings everything up, from the container engine to the charts
//	platform/engine     the container engine, and what builds need
//	platform/images     every image: built here or published
//	platform/nodeimage  the image of kind's nodes where no registry answers
//	platform/cluster    the kind cluster
//	kube                the Kubernetes client
//	helm                the helm client, and agent-sandbox
//	controlplane        this project's Router and WorkloadManager, if the published images cannot run
//	release             one installed release, and the checks in the table of `make up`
//	mix                 the kinds of requests of a load, and what the agent answers
//	record              what the programs in the cluster report to the harness
//	artifacts           what is kept of a failure
//	traffic             load on a release, its timeline, and the verdict (`make watch`)
//
// The tests use these too:
//
//	environment/testrun   brings a cluster up for the tests, and removes it
//	environment/published plays the registries of published images where none answers
//	suite                 what scenarios share: when each may run, releases, load, faults
//	processors            how busy the machine is
//	report                what a run saw, and the table of faults in docs/operations.md
//	faults                breaks parts of a release or of the cluster
//	guides                follows the guides in docs to the letter
package e2e
