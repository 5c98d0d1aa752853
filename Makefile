# Image of the manager, for the targets that build or deploy it.
IMG ?= ghcr.io/microservice-dev/microservice-operator:latest
# Docker, or a tool that takes the same commands, such as podman.
CONTAINER_TOOL ?= docker
KIND_CLUSTER ?= microservice-operator
# Whether undeploying something that is not there is fine.
ignore-not-found ?= false

LOCALBIN ?= $(CURDIR)/bin
# The Kubernetes that is built and tested on: the newest, or with K8S=1.34 the oldest that is supported.
K8S ?=
# Where etcd, kube-apiserver and kubectl are. Set it to use others than those that `make controlplane` builds.
KUBEBUILDER_ASSETS ?= $(LOCALBIN)/k8s$(addprefix -,$(K8S))
export KUBEBUILDER_ASSETS

KUBECTL ?= kubectl
CONTROLLER_GEN ?= go tool -modfile=go.tools.mod controller-gen
KUSTOMIZE ?= go tool -modfile=go.tools.mod kustomize
# In test/chart, which has Helm and its libraries.
HELM_DOCS ?= go tool helm-docs
GOLANGCI_LINT ?= $(LOCALBIN)/golangci-lint

# No C compiler is needed, and the local Kubernetes, the operator and the tests share one build cache.
export CGO_ENABLED ?= 0

# The Go modules that are vetted, linted and tested. Those of hack/controlplane and hack/node, which the local clusters are built
# from, are only kept tidy; test/e2e is run by test-e2e alone.
MODULES := . test/reachability test/gitops/helm test/chart test/bench test/monitoring test/ui test/e2e hack/release
# in-modules FOLDERS,COMMAND runs the command in each folder and ends at the first that fails.
in-modules = for module in $(1); do echo "$$module: $(2)"; (cd $$module; $(2)); done

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build

##@ General

.PHONY: help
help: ## Show this help.
	@awk 'BEGIN {FS = ":.*##"; printf "Usage:\n  make \033[36m<target>\033[0m\n"} /^[a-zA-Z_0-9-]+:.*?##/ { printf "  \033[36m%-22s\033[0m %s\n", $$1, $$2 } /^##@/ { printf "\n\033[1m%s\033[0m\n", substr($$0, 5) } ' $(MAKEFILE_LIST)

##@ Try it

.PHONY: demo
demo: controlplane build ## Start a local cluster and the operator, and run a shop of twelve services in it. No Docker.
	@hack/demo.sh up

.PHONY: demo-down
demo-down: ## Stop the demo and remove its data.
	@hack/demo.sh down

.PHONY: controlplane
controlplane: ## Build a local Kubernetes from Go modules into bin/k8s (about 9 minutes the first time on 2 cores). K8S=1.34 builds the oldest that is supported beside it.
ifeq ($(origin KUBEBUILDER_ASSETS),file)
	@hack/controlplane/build.sh "$(KUBEBUILDER_ASSETS)" $(K8S)
else
	@echo "Using the Kubernetes programs in KUBEBUILDER_ASSETS=$(KUBEBUILDER_ASSETS)"
endif

.PHONY: setup-envtest
setup-envtest: controlplane ## The same, under kubebuilder's name.

.PHONY: cluster-up
cluster-up: controlplane ## Start the local cluster; its kubeconfig is bin/kubeconfig.
	@hack/cluster.sh up

.PHONY: cluster-down
cluster-down: ## Stop the local cluster and remove its data.
	@hack/cluster.sh down

# The programs of a real node, from modules of their own.
NODE_PROGRAMS := ./coredns ./image ./netpol ./registry sigs.k8s.io/metrics-server/cmd/metrics-server $(addprefix github.com/containerd/containerd/v2/cmd/,containerd containerd-shim-runc-v2 ctr)

.PHONY: node-programs
node-programs: ## Build a kubelet, a container runtime, DNS, a metrics server and a NetworkPolicy engine from Go modules (Linux; about 18 minutes the first time on 2 cores).
	@NODE=1 hack/controlplane/build.sh "$(KUBEBUILDER_ASSETS)" $(K8S)
	@mkdir -p $(LOCALBIN)/node/programs
	@cd hack/node && go build -ldflags='-s -w' -o $(LOCALBIN)/node/programs/ $(NODE_PROGRAMS)

.PHONY: node-up
node-up: node-programs ## Start a real one-node cluster (Linux, root, no Docker); its kubeconfig is bin/node/kubeconfig.
	@hack/node.sh up

.PHONY: node-down
node-down: ## Stop the real node and remove its data.
	@hack/node.sh down

##@ Development

.PHONY: manifests
manifests: ## Generate the CRD, the manager's ClusterRole, the PrometheusRule, and what kustomize has to know.
	$(CONTROLLER_GEN) crd paths=./api/... output:crd:artifacts:config=config/crd/bases
	go run ./hack/crd config/crd/bases/apps.microservice.dev_microservices.yaml
	go run ./hack/kustomize config/crd/bases/apps.microservice.dev_microservices.yaml config/kustomize/merge/openapi.json
	$(CONTROLLER_GEN) rbac:roleName=manager-role paths=./internal/... output:rbac:artifacts:config=config/rbac
	{ cat hack/prometheus_rule.yaml; sed -e '/^#/d' -e 's/^./  &/' config/prometheus/alerts.yaml; } > config/prometheus/prometheus_rule.yaml

.PHONY: generate
generate: ## Generate the API's DeepCopy methods and apply configurations.
	$(CONTROLLER_GEN) object:headerFile=hack/boilerplate.go.txt applyconfiguration:headerFile=hack/boilerplate.go.txt paths=./api/...

.PHONY: fmt
fmt: ## Format the code.
	gofmt -w api cmd internal test hack

.PHONY: vet
vet: ## Run go vet.
	@$(call in-modules,$(MODULES),go vet ./...)

.PHONY: tidy
tidy: ## Tidy the module files.
	@$(call in-modules,$(MODULES) hack/controlplane hack/controlplane/v1.34 hack/node,go mod tidy)

.PHONY: lint
lint: golangci-lint ## Run the linters, with the API linter and the import fences.
	@$(call in-modules,$(MODULES),$(GOLANGCI_LINT) run -c $(CURDIR)/.golangci.yml)
	$(GOLANGCI_LINT) run -c .golangci-kal.yml ./api/...

.PHONY: lint-fix
lint-fix: golangci-lint ## Run the linters and fix what they can fix.
	$(GOLANGCI_LINT) run --fix

.PHONY: lint-config
lint-config: golangci-lint ## Check the linters' configuration.
	$(GOLANGCI_LINT) config verify
	$(GOLANGCI_LINT) config verify -c .golangci-kal.yml

.PHONY: golangci-lint
golangci-lint: $(GOLANGCI_LINT) ## Build golangci-lint with the API linter inside.
$(GOLANGCI_LINT): go.tools.mod
	go build -modfile=go.tools.mod -o $@ sigs.k8s.io/kube-api-linter/cmd/golangci-lint-kube-api-linter

include make/test.mk
include make/verify.mk
include make/docs.mk
include make/release.mk

##@ Build

.PHONY: build
build: ## Build the manager into bin/manager.
	go build -o $(LOCALBIN)/manager ./cmd

.PHONY: build-plugin
build-plugin: ## Build the kubectl plugin into bin/kubectl-msvc.
	go build -o $(LOCALBIN)/kubectl-msvc ./cmd/kubectl-msvc

.PHONY: install-plugin
install-plugin: ## Install the kubectl plugin into Go's bin folder, which must be in the PATH.
	go install ./cmd/kubectl-msvc
	@echo "Try: kubectl msvc --help"

.PHONY: run
run: build ## Run the manager here, against the cluster of your kubeconfig.
	$(LOCALBIN)/manager

.PHONY: docker-build
docker-build: ## Build the manager's image.
	$(CONTAINER_TOOL) build -t $(IMG) .

.PHONY: docker-push
docker-push: ## Push the manager's image.
	$(CONTAINER_TOOL) push $(IMG)

.PHONY: docker-buildx
docker-buildx: ## Build and push the manager's image for several platforms.
	$(CONTAINER_TOOL) buildx build --push --platform=$(PLATFORMS) --tag $(IMG) .

.PHONY: build-installer
build-installer: manifests ## Render dist/install.yaml: the rights and the manager, without the CRD.
	mkdir -p dist
	$(KUSTOMIZE) build config/operator > dist/install.yaml

.PHONY: chart
chart: manifests ## Copy into the Helm chart what it takes from config, and write its README.md.
	cp config/crd/bases/apps.microservice.dev_microservices.yaml charts/microservice-operator/files/crd.yaml
	cp config/rbac/role.yaml charts/microservice-operator/files/manager_role.yaml
	cp config/components/gateway-api/role.yaml charts/microservice-operator/files/gateway-api_role.yaml
	cp config/components/pod-monitors/role.yaml charts/microservice-operator/files/pod-monitors_role.yaml
	cp config/admission-policy/microservice_rights.yaml charts/microservice-operator/files/admission_policy.yaml
	cp config/prometheus/alerts.yaml charts/microservice-operator/files/alerts.yaml
	cp config/grafana/*.json charts/microservice-operator/files/
	cd test/chart && $(HELM_DOCS) --chart-search-root=$(CURDIR)/charts --sort-values-order=file --log-level=warning

##@ Deployment

.PHONY: install
install: manifests ## Install the CRD into the cluster of your kubeconfig.
	$(KUSTOMIZE) build config/crd | $(KUBECTL) apply --server-side -f -

.PHONY: uninstall
uninstall: ## Remove the CRD, and with it every Microservice.
	$(KUSTOMIZE) build config/crd | $(KUBECTL) delete --ignore-not-found=$(ignore-not-found) -f -

.PHONY: deploy
deploy: manifests ## Deploy the operator to the cluster of your kubeconfig.
	$(KUSTOMIZE) build config/default | sed 's|ghcr.io/microservice-dev/microservice-operator:latest|$(IMG)|' | $(KUBECTL) apply --server-side -f -

.PHONY: undeploy
undeploy: ## Remove the operator. The CRD, the Microservices and their objects stay; make uninstall removes them.
	$(KUSTOMIZE) build config/operator | $(KUBECTL) delete --ignore-not-found=$(ignore-not-found) -f -

.PHONY: kind-up
kind-up: ## Create a kind cluster (needs Docker and kind).
	kind get clusters | grep -qx $(KIND_CLUSTER) || kind create cluster --name $(KIND_CLUSTER) --config hack/kind-config.yaml

.PHONY: kind-load
kind-load: docker-build ## Build the manager's image and load it into the kind cluster (needs Docker and kind).
	kind load docker-image $(IMG) --name $(KIND_CLUSTER)

.PHONY: kind-down
kind-down: ## Delete the kind cluster.
	kind delete cluster --name $(KIND_CLUSTER)
