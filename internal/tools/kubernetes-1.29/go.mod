module agentcube-mtls/internal/tools/kubernetes-1.29

go 1.26.2

require k8s.io/kubernetes v1.29.14 // indirect
