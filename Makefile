GO ?= go
# gotestsum runs go test, repeats at the end what failed, and keeps the results for CI jobs. With
# GOGC it takes a sixth less of the processors, for the memory that this costs. Without -vet=off each
# target would vet again, once more with the race detector, what make lint vets by more checks.
GOTEST = GOGC=400 $(GO) tool -modfile=internal/tools/gotestsum/go.mod gotestsum --junitfile artifacts/$@.xml --format $(FORMAT) -- -vet=off
FORMAT = standard-verbose
test-templates test-upgrades test-units: FORMAT = standard-quiet

.PHONY: help
help: ## list the commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

.PHONY: up
up: ## bring up AgentCube with mutual TLS on a kind cluster, and verify it (NODES=3 for three nodes, K8S=1.28 for that Kubernetes)
	@echo "• compiling the harness, which takes a minute or two the first time …"
	@$(GO) run ./e2e/cmd/agentcube up

.PHONY: watch
watch: ## put the release of `make up` under load until Ctrl-C, and draw its timeline while you change or break it
	@$(GO) run ./e2e/cmd/agentcube watch

.PHONY: down
down: ## remove what `make up` made
	@$(GO) run ./e2e/cmd/agentcube down

.PHONY: setup
setup: # install with apt-get what is missing, or fail and name it
	@$(GO) run ./e2e/cmd/setup

# Guides and scenarios leave the processors idle where they wait. What needs no cluster runs there:
# nice lets what the others start go first.
.PHONY: test
test: setup ## run every check; installs what it needs on Debian
	$(MAKE) --jobs=3 docs-test test-e2e test-without-clusters

.PHONY: test-without-clusters
test-without-clusters:
	nice $(MAKE) lint
	nice $(MAKE) test-templates
	nice $(MAKE) test-upgrades
	nice $(MAKE) test-units

.PHONY: lint
lint: setup ## check the form of the code
	@test -z "$$(gofmt -l .)" || { echo "not formatted (run make fmt):"; gofmt -l .; exit 1; }
	$(GO) tool -modfile=internal/tools/golangci-lint/go.mod golangci-lint run
	yamllint --strict .

.PHONY: fmt
fmt: ## format the code
	gofmt -w .

.PHONY: generate
generate: ## write the generated files: the chart's README, CRDs, schema and defaults
	$(GO) generate ./...

.PHONY: test-templates
test-templates: setup ## render the charts, and check the objects and the guides: needs no cluster
	$(GOTEST) -timeout=60m $$($(GO) list ./templates-tests/... | grep -v $(UPGRADES:%=-e /%$$))

# Helm does here what users do with it, step by step, and waits for the API server in between.
UPGRADES = apiserver failures gitops

.PHONY: test-upgrades
test-upgrades: setup ## run helm, kubectl and kustomize against an API server: needs no cluster
	$(GOTEST) -timeout=60m $(UPGRADES:%=./templates-tests/%)

.PHONY: test-units
test-units: setup ## test the programs of the control plane and of the harness, with the race detector
	$(GOTEST) -race $$($(GO) list ./e2e/... ./internal/... | grep -v -e /e2e$$ -e /e2e/guides$$)

# The tests limit their own concurrency: each may wait for its turn.
.PHONY: test-e2e
test-e2e: ## install on a kind cluster and check the running system (KEEP=1 leaves the cluster for the next run, SOAK=1 takes its time)
	$(GOTEST) -count=1 -parallel=32 -timeout=80m ./e2e

.PHONY: scenario
scenario: ## run one scenario on a cluster that is kept for the next run: make scenario NAME=…
	@test -n "$(NAME)" || { echo "give a name: make scenario NAME=…"; exit 1; }
	KEEP=1 $(GOTEST) -count=1 -parallel=32 -timeout=80m ./e2e -run 'TestScenarios/^$(NAME)$$'

# What depends on the cluster: certificates before the programs start, pods that drain, addresses.
define test-cluster
	NODES=1 $(GOTEST) -count=1 -parallel=32 -timeout=80m ./e2e -run 'TestScenarios/^(handshake|unauthorized|rotation|switch-one)$$'
	mv artifacts/report.json artifacts/$(@:test-%=report-%).json
endef

.PHONY: test-matrix
test-matrix: $(patsubst internal/components/%,test-%,$(wildcard internal/components/kubernetes-*)) test-ipv6 test-dual ## run some scenarios on every pinned version of Kubernetes, and with addresses of IPv6

test-kubernetes-%: export K8S = $*
test-kubernetes-%:
	$(test-cluster)

.PHONY: test-ipv6 test-dual
test-ipv6: export IP_FAMILY = ipv6
test-dual: export IP_FAMILY = dual
test-ipv6 test-dual:
	$(test-cluster)

.PHONY: docs-test
docs-test: setup ## run every command of the guides on a kind cluster, and compare the output
	$(GOTEST) -count=1 -timeout=60m ./e2e/guides

.PHONY: docs-update
docs-update: setup ## refresh what the guides expect, and the table of faults from the last run of scenarios
	UPDATE=1 $(GOTEST) -count=1 -timeout=60m ./e2e/guides
	$(GO) run ./e2e/cmd/report
