package v1alpha1

// Credentials are keys of a Secret of this namespace, made by whoever runs the dependency: CloudNativePG, Crossplane, External
// Secrets. The operator never reads the Secret; the kubelet does, when it starts a pod.
//
// +kubebuilder:validation:XValidation:rule="has(self.env) || has(self.mount) && self.mount",message="nothing would use the Secret: set env, such as {PASSWORD: password}, or mount: true"
// +kubebuilder:validation:XValidation:rule="!has(self.type) || has(self.mount) && self.mount",message="type is a file beside those of the mounted Secret: set mount: true, or remove type"
type Credentials struct {
	// secret is the name of the Secret. Pods wait until it is there.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="must be the name of a Secret: lower-case letters, digits, '-' and '.'"
	Secret string `json:"secret"`

	// env are variables of the container, as suffix and key of the Secret: for the dependency orders-db, "PASSWORD: password"
	// gives ORDERS_DB_PASSWORD. A suffix HOST, PORT or URL replaces the variable that is injected otherwise. A pod keeps the
	// values with which it started.
	// +optional
	// +kubebuilder:validation:MinProperties=1
	// +kubebuilder:validation:MaxProperties=16
	// +kubebuilder:validation:XValidation:rule="self.all(suffix, suffix.matches('^[A-Z][A-Z0-9_]*$'))",message="a suffix must be capital letters, digits and '_', and begin with a letter, such as PASSWORD"
	Env map[string]SecretKey `json:"env,omitempty"`

	// mount puts every key of the Secret into a file of its own below /bindings/NAME, where NAME is that of the dependency,
	// and sets SERVICE_BINDING_ROOT=/bindings, by the Service Binding specification for Kubernetes (https://servicebinding.io).
	// Running pods see a change of the Secret after a minute or so.
	// +optional
	Mount bool `json:"mount,omitempty"`

	// type is the content of a further file called type, by which libraries for service bindings find their binding, such as
	// postgresql. It is needed with mount if the Secret has no key called type.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z0-9]([-._A-Za-z0-9]*[A-Za-z0-9])?$')",message="must be a word such as postgresql: letters, digits, '-', '_' and '.'"
	Type string `json:"type,omitempty"`
}

// SecretKey is the name of a key of a Secret.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=253
// +kubebuilder:validation:XValidation:rule="self.matches('^[-._a-zA-Z0-9]+$')",message="must be a key of a Secret: letters, digits, '-', '_' and '.'"
type SecretKey string
