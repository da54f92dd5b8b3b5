package e2e

import (
	"os"
	"testing"

	"agentcube-mtls/e2e/suite"
)

func TestMain(m *testing.M) { os.Exit(suite.Main(m, scenarios)) }

//nolint:paralleltest // the scenarios are subtests, and some of them run alone
func TestScenarios(t *testing.T) { suite.Run(t, scenarios) }

// scenarios lists all scenarios. Each is in a file of this folder, with the functions that it
// needs.
var scenarios = []suite.Scenario{
	failedSwitch,
	singleFaults,
	serverOutage,
	expiry,
	userCA,
	certManager,
	trustBundle,
	chartTesting,
	spireValidate,
	clusterFaults,
	otherCluster,
	existingSPIRE,
	agentRuntime,
	picoD,
	handshake,
	attestation,
	unknownRuntime,
	neighbour,
	networkPolicies,
	rotation,
	unauthorized,
	switchOne,
	switchThree,
	upgrades,
	trustDomain,
	postgreSQL,
	mySQL,
	kubelets,
	privateRegistry,
	nodesComeAndGo,
	predecessor,
	released,
}
