##@ Documentation

CRD_REF_DOCS ?= go tool -modfile=go.tools.mod crd-ref-docs
KUBECONFORM ?= go tool -modfile=go.tools.mod kubeconform
SCHEMAS = docs/schemas/{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json

.PHONY: docs
docs: ## Generate docs/reference and the schemas for editors, from the code and the CRD.
	mkdir -p docs/reference
	$(CRD_REF_DOCS) --config=hack/reference/crd-ref-docs.yaml --templates-dir=hack/reference/templates \
		--source-path=api/v1alpha1 --renderer=markdown --output-path=docs/reference/api.md --log-level=ERROR
	go run ./hack/reference

.PHONY: tutorials
tutorials: controlplane ## Run the tutorials against a local cluster and write what their commands print into the pages. Read the difference before you commit it.
	go test ./test/docs -run TestTutorials -update

.PHONY: verify-docs
verify-docs: ## Check that the reference and the schemas are up to date.
	@before=$$(hack/verify/tree.sh); \
	$(MAKE) --no-print-directory docs >/dev/null; \
	hack/verify/same.sh "$$before" "the reference is out of date; run: make docs"

.PHONY: verify-samples
verify-samples: ## Check the Microservices in config/samples against the schemas.
	$(KUBECONFORM) -strict -summary -schema-location '$(SCHEMAS)' -ignore-missing-schemas config/samples
