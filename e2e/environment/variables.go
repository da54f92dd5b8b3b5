package environment

import (
	"cmp"
	"fmt"
	"os"
	"strconv"

	"agentcube-mtls/e2e/mix"
)

const defaultName = "agentcube"

// Name returns the name of the cluster that `make up` makes: the environment variable CLUSTER, or
// agentcube.
func Name() string { return cmp.Or(os.Getenv("CLUSTER"), defaultName) }

// Nodes returns how many nodes the environment variable NODES asks for; unset, it is the fallback.
func Nodes(fallback int) (int, error) {
	value := os.Getenv("NODES")
	if value == "" {
		return fallback, nil
	}
	nodes, err := strconv.Atoi(value)
	if err != nil || nodes < 1 {
		return 0, fmt.Errorf("NODES=%s: give a whole number of nodes, 1 or more", value)
	}
	return nodes, nil
}

// Soak is whether the environment variable SOAK asks for everything, however long it takes.
func Soak() bool { return os.Getenv("SOAK") != "" }

// Mix returns the kinds of requests that a load sends: the usual ones, and all if Soak is set.
func Mix() []mix.Kind {
	if Soak() {
		return mix.Whole()
	}
	return mix.Usual()
}
