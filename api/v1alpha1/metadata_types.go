package v1alpha1

// ChildMetadata is what the children carry beside the operator's own labels and annotations.
type ChildMetadata struct {
	// labels of every child, such as team. They win over those that the operator copies from the Microservice.
	// +optional
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="self.all(k, !format.qualifiedName().validate(k).hasValue())",message="must have keys such as team or example.com/team"
	// +kubebuilder:validation:XValidation:rule="self.all(k, !k.matches('^((apps[.]microservice[.]dev|argocd[.]argoproj[.]io|(kustomize|helm)[.]toolkit[.]fluxcd[.]io|meta[.]helm[.]sh|applyset[.]kubernetes[.]io|kubectl[.]kubernetes[.]io|deployment[.]kubernetes[.]io)/|app[.]kubernetes[.]io/(name|component|managed-by|instance)$)'))",message="must not have keys of this operator, of Kubernetes, or by which Argo CD, Flux, Helm and kubectl track what they deploy, such as app.kubernetes.io/instance: they would take the children for their own; choose a key such as example.com/team"
	Labels map[string]string `json:"labels,omitempty"`

	// annotations of every child. Those of service.annotations and serviceAccount.annotations win over them.
	// +optional
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="self.all(k, !format.qualifiedName().validate(k).hasValue())",message="must have keys such as team or example.com/team"
	// +kubebuilder:validation:XValidation:rule="self.all(k, !k.matches('^((apps[.]microservice[.]dev|argocd[.]argoproj[.]io|(kustomize|helm)[.]toolkit[.]fluxcd[.]io|meta[.]helm[.]sh|applyset[.]kubernetes[.]io|kubectl[.]kubernetes[.]io|deployment[.]kubernetes[.]io)/|app[.]kubernetes[.]io/(name|component|managed-by|instance)$)'))",message="must not have keys of this operator, of Kubernetes, or by which Argo CD, Flux, Helm and kubectl track what they deploy, such as app.kubernetes.io/instance: they would take the children for their own; choose a key such as example.com/team"
	Annotations map[string]string `json:"annotations,omitempty"`
}

// ServiceAccountOptions tune the generated ServiceAccount.
type ServiceAccountOptions struct {
	// annotations are set on the ServiceAccount: the role or identity that a cloud gives the pods, such as
	// eks.amazonaws.com/role-arn. Running pods keep what they had until they are restarted.
	// +optional
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="self.all(k, !format.qualifiedName().validate(k).hasValue())",message="must have keys such as team or example.com/team"
	// +kubebuilder:validation:XValidation:rule="self.all(k, !k.startsWith('apps.microservice.dev/'))",message="keys below apps.microservice.dev/ belong to the operator"
	Annotations map[string]string `json:"annotations,omitempty"`
}
