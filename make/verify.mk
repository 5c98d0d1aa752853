##@ Verify

# First what may write: generators. Then what only reads. Last, nothing may have changed.
.PHONY: verify
verify: ## Check that everything generated is fresh, formatted, linted and tidy.
	@$(MAKE) --no-print-directory verify-generated verify-docs verify-tidy
	@$(MAKE) --no-print-directory verify-fmt verify-words verify-vet verify-lint verify-fences verify-shell verify-samples verify-platforms verify-modules verify-vulnerabilities

.PHONY: verify-generated
verify-generated: ## Check that the generated files are up to date.
	@before=$$(hack/verify/tree.sh); \
	$(MAKE) --no-print-directory generate manifests build-installer chart >/dev/null; \
	hack/verify/same.sh "$$before" "generated files are out of date; run: make generate manifests build-installer chart"

.PHONY: verify-tidy
verify-tidy: ## Check that the module files are tidy.
	@before=$$(hack/verify/tree.sh); \
	$(MAKE) --no-print-directory tidy >/dev/null; \
	hack/verify/same.sh "$$before" "module files are not tidy; run: make tidy"

.PHONY: verify-fmt
verify-fmt: ## Check the format.
	@unformatted=$$(gofmt -l api cmd internal test hack); \
	[ -z "$$unformatted" ] || { echo "error: not formatted; run: make fmt"; echo "$$unformatted"; exit 1; }

.PHONY: verify-words
verify-words: ## Check that no private words are used.
	@hack/verify/words.sh

.PHONY: verify-vet
verify-vet: vet ## Run go vet.

.PHONY: verify-lint
verify-lint: lint ## Run the linters.

.PHONY: verify-fences
verify-fences: golangci-lint ## Check that a forbidden import is really refused.
	@GOLANGCI_LINT=$(GOLANGCI_LINT) hack/verify/fences.sh

.PHONY: verify-shell
verify-shell: ## Check the scripts' syntax.
	@for script in hack/*.sh hack/*/*.sh .ci/run; do bash -n "$$script"; done

# What the plugin is built for, besides the machine that it is built on.
PLUGIN_PLATFORMS ?= windows/amd64

.PHONY: verify-platforms
verify-platforms: ## Check that the plugin compiles for Windows; PLUGIN_PLATFORMS has others, such as darwin/arm64. vet compiles, and does not link.
	@for platform in $(PLUGIN_PLATFORMS); do \
		GOOS=$${platform%/*} GOARCH=$${platform#*/} go vet ./cmd/kubectl-msvc || { echo "error: the plugin does not compile for $$platform"; exit 1; }; \
	done

.PHONY: verify-modules
verify-modules: ## Check that the modules are what go.sum says.
	@go mod verify >/dev/null

.PHONY: verify-vulnerabilities
verify-vulnerabilities: ## Check for known vulnerabilities in what the manager calls.
	@hack/verify/vulnerabilities.sh
