package api_test

const (
	qualified    = "must have keys such as team or example.com/team"
	reservedKeys = "must not have keys of this operator, of Kubernetes, or by which Argo CD, Flux, Helm and kubectl track what they deploy, such as app.kubernetes.io/instance: they would take the children for their own; choose a key such as example.com/team"
	bothAccounts = "spec.serviceAccount and spec.serviceAccountName exclude each other: an existing ServiceAccount is not written; remove serviceAccount and annotate that account yourself, or remove serviceAccountName"
)

func metadataRules() map[string]rule {
	all := map[string]rule{
		"labels and annotations of the children": {
			spec: "childMetadata: {labels: {team: a, example.com/cost-center: '4711', empty: ''}, annotations: {reloader.stakater.com/auto: 'true', text: 'any text'}}",
		},
		"no metadata of the children": {spec: "childMetadata: {}"},
		"32 labels of the children":   {spec: "childMetadata: {labels: " + entries(32) + "}"},
		"33 labels of the children": {
			spec:    "childMetadata: {labels: " + entries(33) + "}",
			field:   "spec.childMetadata.labels",
			message: "Too many: 33: must have at most 32",
		},
		"33 annotations of the children": {
			spec:    "childMetadata: {annotations: " + entries(33) + "}",
			field:   "spec.childMetadata.annotations",
			message: "Too many: 33: must have at most 32",
		},
		"a label of the children whose key has two slashes": {
			spec: "childMetadata: {labels: {a/b/c: x}}", field: "spec.childMetadata.labels", message: qualified,
		},
		"an annotation of the children whose key has a space": {
			spec: "childMetadata: {annotations: {a b: x}}", field: "spec.childMetadata.annotations", message: qualified,
		},
		"keys of the children that resemble reserved ones": {
			spec: "childMetadata: {labels: {app.kubernetes.io/version: '1', app.kubernetes.io/names: a, example.com/argocd: a}}",
		},

		"annotations of the ServiceAccount": {spec: "serviceAccount: {annotations: {eks.amazonaws.com/role-arn: 'arn:aws:iam::1:role/web'}}"},
		"a serviceAccount and an empty serviceAccountName": {
			spec: "{serviceAccount: {annotations: {a: b}}, serviceAccountName: ''}",
		},
		"a serviceAccount and a serviceAccountName": {
			spec: "{serviceAccount: {annotations: {a: b}}, serviceAccountName: web}", field: "spec", message: bothAccounts,
		},
		"33 annotations of the ServiceAccount": {
			spec:    "serviceAccount: {annotations: " + entries(33) + "}",
			field:   "spec.serviceAccount.annotations",
			message: "Too many: 33: must have at most 32",
		},
		"a reserved annotation of the ServiceAccount": {
			spec: "serviceAccount: {annotations: {apps.microservice.dev/applied: a}}", field: "spec.serviceAccount.annotations", message: reserved,
		},
		"an annotation of the ServiceAccount whose key has a space": {
			spec: "serviceAccount: {annotations: {a b: x}}", field: "spec.serviceAccount.annotations", message: qualified,
		},
	}
	for _, key := range []string{
		"apps.microservice.dev/name", "app.kubernetes.io/name", "app.kubernetes.io/component", "app.kubernetes.io/managed-by",
		"app.kubernetes.io/instance", "argocd.argoproj.io/tracking-id", "kustomize.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/name",
		"meta.helm.sh/release-name", "applyset.kubernetes.io/part-of", "kubectl.kubernetes.io/last-applied-configuration",
		"deployment.kubernetes.io/revision",
	} {
		for _, kind := range []string{"labels", "annotations"} {
			all["the children's "+kind+" with "+key] = rule{
				spec: "childMetadata: {" + kind + ": {" + key + ": a}}", field: "spec.childMetadata." + kind, message: reservedKeys,
			}
		}
	}
	return all
}
