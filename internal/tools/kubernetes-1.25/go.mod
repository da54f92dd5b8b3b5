module agentcube-mtls/internal/tools/kubernetes-1.25

go 1.26.2

require k8s.io/kubernetes v1.25.16 // indirect
