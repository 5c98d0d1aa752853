##@ Test

# packages KIND lists this module's packages by what their tests need. Who imports test/cluster in a test starts an API
# server, and test/cluster does so itself. Every package is of one kind, so none is left out and none is tested twice.
packages = go list -f '{{.ImportPath}} {{.TestImports}} {{.XTestImports}}' ./... | awk '\
	{ kind = "unit" }; \
	/\/test\/cluster[] ]/ { kind = "integration" }; \
	$$1 ~ /\/internal\/controller$$/ { kind = "controller" }; \
	$$1 ~ /\/test\/faults$$/ { kind = "faults" }; \
	kind == "$(1)" { print $$1 }'

# From fast to slow.
TESTS := test-unit test-modules test-integration test-controller

.PHONY: test
test: controlplane ## Run all tests but test-faults, with a real API server and real controllers. K8S=1.34 runs them on the oldest Kubernetes that is supported.
	@times=; \
	for part in $(TESTS); do \
		echo "== make $$part"; \
		start=$$SECONDS; \
		$(MAKE) --no-print-directory $$part; \
		times+=$$(printf '\n%6d s  make %s' $$((SECONDS - start)) $$part); \
	done; \
	echo "== make test passed in $$SECONDS s:$$times"

.PHONY: test-unit
test-unit: ## Run the tests that need no API server.
	@packages=$$($(call packages,unit)); \
	go test $$packages

# axe-core finds what people who do not see, hear or point cannot use (MPL-2.0). Only npm has it; nothing of it is run there.
AXE_VERSION := 4.14.1
AXE_SHA512 := 1477dafa598d8d065f273d6af302aa203c02e83131707b7fa648cd41bd3d6b734f8c22a0dab86ee6a6f64b8afbe804b214d36db85a2826965edfb3a0b9d546b5
# Where it is. Set it to use another one.
AXE ?= $(LOCALBIN)/axe-core-$(AXE_VERSION)/axe.min.js
export AXE

.PHONY: axe
axe: $(AXE) ## Fetch axe-core, which checks the page in the browser for everyone, by npm.
$(LOCALBIN)/axe-core-$(AXE_VERSION)/axe.min.js:
	@command -v npm >/dev/null || { echo 'there is no npm: run `apt-get install npm`, or set AXE to the path of axe.min.js of axe-core $(AXE_VERSION)'; exit 1; }
	@rm -rf $(@D) && mkdir -p $(@D)
	@cd $(@D) && npm pack --silent axe-core@$(AXE_VERSION) >/dev/null && echo "$(AXE_SHA512)  axe-core-$(AXE_VERSION).tgz" | sha512sum --check --quiet
	@cd $(@D) && tar -xzmf axe-core-$(AXE_VERSION).tgz --strip-components=1 package/axe.min.js package/LICENSE

# Their results are not kept: go test does not know the files of other modules that they read, such as the chart.
.PHONY: test-modules
test-modules: controlplane axe ## Run the tests of the other modules: reachability, Helm, the chart, bench, monitoring, the page in Chromium and the release.
	@$(call in-modules,$(filter-out . test/e2e,$(MODULES)),go test ./... -count=1 -timeout 1h)

.PHONY: test-integration
test-integration: controlplane ## Run the tests that need a real API server, but the controller's.
	@packages=$$($(call packages,integration)); \
	go test $$packages -timeout 30m

.PHONY: test-controller
test-controller: controlplane ## Run the controller's specs in three processes, each with a real API server and real controllers (about 6 minutes on 2 cores).
	go tool ginkgo --procs=3 --timeout=30m --no-color ./internal/controller

# FAULTS=full disturbs every write in every way, which takes much longer.
FAULTS ?= short
.PHONY: test-faults
test-faults: controlplane ## Kill, delay and contradict the operator, and compare with an undisturbed run (about 11 minutes on 2 cores). FAULTS=full takes longer.
	FAULTS=$(FAULTS) go test ./test/faults -parallel 8 -timeout 3h $(FAULTS_ARGS)
	@cat $(LOCALBIN)/faults/*.md

# The cluster of KUBECONFIG, or the real node of this machine. E2E_LOAD is followed by an image archive that it loads into the cluster,
# such as "kind load image-archive". E2E_ARGS choose what is tried, as in E2E_ARGS=-ginkgo.label-filter=rollout.
E2E_LOAD ?= hack/node.sh load
E2E_ARGS ?=
.PHONY: test-e2e
test-e2e: controlplane ## Try the operator on the real node of make node-up, or on the cluster of KUBECONFIG, with real pods and packets.
	cd hack/node && go build -o $(LOCALBIN)/node/programs/ ./image
	cd test/e2e && KUBECONFIG="$(or $(KUBECONFIG),$(LOCALBIN)/node/kubeconfig)" E2E_LOAD="$(E2E_LOAD)" E2E_IMAGE=$(LOCALBIN)/node/programs/image \
		go test . -count=1 -timeout 2h -v -ginkgo.v $(if $(KUBECONFIG),,-own-node -agnhost-image=node.local/agnhost:1) $(E2E_ARGS)

# BENCH=full takes an hour or so. BENCH_OUT=docs/contributing/performance writes the report that is committed.
BENCH ?= short
BENCH_OUT ?= bin/bench
.PHONY: bench
bench: controlplane build ## Measure what the operator costs, beside baselines (about 15 minutes on 2 cores). BENCH=full takes longer.
	cd test/bench && go build -o $(LOCALBIN)/bench/bench .
	$(LOCALBIN)/bench/bench -series $(BENCH) -out $(BENCH_OUT) $(BENCH_ARGS)

# How long it takes, such as 5m.
UI_SOAK ?= 1h
.PHONY: bench-ui
bench-ui: controlplane axe ## Measure how fast the page is, then look at it for an hour while 1,000 Microservices change five times a second: what do the command and the browser come to need?
	cd test/ui && go test . -run TestLive -timed -v -count=1
	cd test/ui && go test . -run TestSoak -soak $(UI_SOAK) -v -count=1 -timeout 0

.PHONY: screenshots
screenshots: controlplane ## Take the pictures of the page in docs/images. Look at them before you commit them.
	cd test/ui && go test . -run TestScreenshots -screenshots $(CURDIR)/docs/images -count=1

.PHONY: golden
golden: ## Rewrite the golden files of the builders and of the import, and the picture of the README. Read the difference before you commit it.
	go test ./internal/resources -run TestGolden -update
	go test ./internal/compose -run TestGolden -update
	go test ./internal/workload -run TestImport -update
	go test ./internal/explain -run TestPictureOfOnlineBoutique -update
	go test ./test/argocd -run TestGolden -update

.PHONY: runbooks
runbooks: controlplane ## Break what each alert is about in a local cluster, and write what the commands of its runbook print into the page. Read the difference before you commit it.
	cd test/monitoring && go test . -run TestLive -update -timeout 30m
