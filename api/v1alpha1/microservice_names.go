package v1alpha1

const (
	// LabelName carries the name of the Microservice on every child and every pod. It is the one immutable selector:
	// of the Deployment, the Service, the NetworkPolicy and the PodDisruptionBudget. Keys below apps.microservice.dev/
	// are reserved: a podTemplate cannot set them.
	LabelName = "apps.microservice.dev/name"

	// AnnotationApplied is the hash of what the operator last asked for, on every child. It is a note of the operator
	// to itself; its form may change between releases.
	AnnotationApplied = "apps.microservice.dev/applied"

	// AnnotationAddresses on a Deployment are the addresses of dependencies that its pods were given. A target that goes
	// takes none of them away, so it restarts nothing. Its form may change between releases.
	AnnotationAddresses = "apps.microservice.dev/addresses"

	// AnnotationPreviousPorts on a Deployment are the ports that pods of earlier revisions may still listen on. It goes with
	// the last of these pods. Its form may change between releases.
	AnnotationPreviousPorts = "apps.microservice.dev/previous-ports"

	// AnnotationAllowedDependents on a Service is its consent to be a dependency of other namespaces: a comma-separated list
	// of namespaces, or "*". While it is a Microservice's, spec.allowedDependents counts instead.
	AnnotationAllowedDependents = "apps.microservice.dev/allowed-dependents"

	// ContainerName is the name of the application container in the generated pods. A podTemplate patch names it to
	// change it.
	ContainerName = "app"
)
