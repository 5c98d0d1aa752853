{{- define "gvList" -}}
# Fields

Every field of a Microservice, from the comments in [api/v1alpha1](../../api/v1alpha1). `kubectl explain microservice --recursive` is the same, for the version that a cluster has. `make docs` writes this page.

Fields are optional unless they say **required**.
{{ range . }}
{{ template "gvDetails" . }}
{{ end }}
{{- end -}}
