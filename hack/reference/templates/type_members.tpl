{{- define "type_members" -}}
{{- if has "Required: {}" .Validation }}**required**; {{ end -}}
{{- if eq .Name "metadata" -}}
the standard object's metadata. The name becomes the name of every child, and so the DNS name.
{{- else -}}
{{ template "text" .Doc }}
{{- end -}}
{{- end -}}
