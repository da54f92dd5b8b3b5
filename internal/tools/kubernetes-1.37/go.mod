module agentcube-mtls/internal/tools/kubernetes-1.37

go 1.26.2

require k8s.io/kubernetes v1.37.2 // indirect
