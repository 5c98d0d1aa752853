##@ Release

# What images are built for. Another order gives the image another digest.
PLATFORMS ?= linux/amd64,linux/arm64
# The version of a release, such as v0.1.0.
VERSION ?=
# Where release-push sends the image and the chart, with the credentials of docker login.
REGISTRY ?= ghcr.io/microservice-dev

RELEASE_BUILDER := $(LOCALBIN)/release-builder

.PHONY: release-builder
release-builder:
	@cd hack/release && go build -o $(RELEASE_BUILDER) .

.PHONY: release
release: release-builder ## Build everything that a release has into bin/release, from the commit at HEAD: make release VERSION=v0.1.0. The same commit gives the same bytes.
	@$(RELEASE_BUILDER) build -version "$(VERSION)" -platforms $(PLATFORMS) -out bin/release

.PHONY: release-push
release-push: release-builder ## Send the image and the chart in bin/release to REGISTRY, and print their names and digests.
	@$(RELEASE_BUILDER) push -from bin/release -to "$(REGISTRY)"

.PHONY: test-release
test-release: ## Build a release twice, for all platforms, and install from it. `make test` does so for some platforms.
	cd hack/release && RELEASE=full go test ./... -count=1 -timeout 3h

# Where image-oci sends the image, with the credentials of docker login; nowhere when it is empty.
IMAGE_PUSH ?=
.PHONY: image-oci
image-oci: release-builder ## Build the manager's image and its SPDX bills of materials into bin, without Docker. The same commit gives the same bytes.
	@$(RELEASE_BUILDER) image -out $(LOCALBIN)/image -platforms $(PLATFORMS) -name "$(or $(IMAGE_PUSH),$(IMG))" -push=$(if $(IMAGE_PUSH),true,false)
