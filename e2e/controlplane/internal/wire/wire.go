// Package wire is what Router and WorkloadManager say to each other beyond the types of AgentCube's
// released module.
package wire

import "github.com/volcano-sh/agentcube/pkg/common/types"

// UserIdentity is the header in which the Router tells the WorkloadManager who calls: a JWT with the
// caller's subject, signed with the Router's own key.
const UserIdentity = "X-AgentCube-User-Identity"

// Created is the answer to a creation. Without Kind the Router signs no token for the first call.
type Created struct {
	types.CreateSandboxResponse
	Kind string `json:"kind"`
}
