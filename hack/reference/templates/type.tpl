{{- define "text" -}}
{{ . | replace "<" "&lt;" | replace "\n\n" "<br><br>" | replace "\n" " " | replace "|" "\\|" | trim }}
{{- end -}}

{{- define "rules" -}}
{{- range . }}{{ if not (regexMatch "^(Optional|Required|items:XValidation)" .) }}{{ . | replace "|" "\\|" }}. {{ end }}{{ end -}}
{{- end -}}

{{- define "said" -}}
{{- range index . "kubebuilder:validation:XValidation" }}{{ template "text" .Message }}. {{ end -}}
{{- end -}}

{{- define "each" -}}
{{- range index . "kubebuilder:validation:items:XValidation" }}Each: {{ template "text" .Message }}. {{ end -}}
{{- end -}}

{{- define "type" -}}
{{- $type := . -}}
{{- if markdownShouldRenderType $type }}
## {{ $type.Name }}

{{ template "text" $type.Doc }}
{{ if $type.References }}
Used by:{{ range $i, $by := $type.SortedReferences }}{{ if $i }},{{ end }} {{ markdownRenderTypeLink $by }}{{ end }}
{{ end }}
{{- with index $type.Markers "kubebuilder:validation:XValidation" }}
Rules:
{{ range . }}
- {{ template "text" .Message }}
{{- end }}
{{ end }}
{{- if $type.Members }}
| field | type | what it is | default | must be |
|---|---|---|---|---|
{{ range $type.Members -}}
| `{{ .Name }}` | {{ markdownRenderType .Type }} | {{ template "type_members" . }} | {{ with .Default }}`{{ . }}`{{ end }} | {{ template "rules" .Validation }}{{ if not .Type.Members }}{{ template "said" .Markers }}{{ end }}{{ template "each" .Markers }}|
{{ end }}
{{- end }}
{{- if $type.EnumValues }}
| value | what it means |
|---|---|
{{ range $type.EnumValues -}}
| `{{ .Name }}` | {{ template "text" .Doc }} |
{{ end }}
{{- end }}
{{- end }}
{{- end -}}
