package suite_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/release"
	"agentcube-mtls/e2e/suite"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	run := func(context.Context, *testing.T, release.Release) {}
	scenario := func(name string) suite.Scenario { return suite.Scenario{Name: name, Description: "a", Run: run} }
	require.NoError(t, suite.Check([]suite.Scenario{scenario("switch-one"), scenario("failed-switch")}))
	for expected, scenarios := range map[string][]suite.Scenario{
		`"failed-switch" and "switch" contains`:  {scenario("switch"), scenario("failed-switch")},
		`"switch" and "failed-switch" contains`:  {scenario("failed-switch"), scenario("switch")},
		`"twice" and "twice" contains`:           {scenario("twice"), scenario("twice")},
		`"agentcube-2" and "agentcube" contains`: {scenario("agentcube-2")},
		`scenario "Upper": the name must match`:  {scenario("Upper")},
		`scenario "a": it needs a Description`:   {{Name: "a", Run: run}},
		`scenario "b": it needs a Description`:   {{Name: "b", Description: "b"}},
		`scenario "c": its Description must be`:  {{Name: "c", Description: "One. Two.", Run: run}},
	} {
		require.ErrorContains(t, suite.Check(scenarios), expected)
	}
	assert.NoError(t, suite.Check(nil))
}

// A name that no scenario has ends the run before there is a cluster.
func TestCheckFilter(t *testing.T) {
	t.Parallel()
	scenarios := []suite.Scenario{{Name: "switch-one"}, {Name: "rotation"}}
	for _, run := range []string{"", "TestScenarios", "TestScenarios/^rotation$", "TestScenarios/^(rotation|switch-one)$", "TestScenarios/switch", "TestScenarios/^rotation$/part"} {
		require.NoError(t, suite.CheckFilter(run, scenarios), run)
	}
	for run, name := range map[string]string{
		"TestScenarios/^rotatoin$":               `"rotatoin"`,
		"TestScenarios/^switch$":                 `"switch"`,
		"TestScenarios/^(rotation|switch-four)$": `"switch-four"`,
		"TestScenarios/swich":                    `"swich"`,
	} {
		require.ErrorContains(t, suite.CheckFilter(run, scenarios), "there is no scenario "+name, run)
	}
	require.ErrorContains(t, suite.CheckFilter("TestScenarios/[", scenarios), "-run: ")
}
