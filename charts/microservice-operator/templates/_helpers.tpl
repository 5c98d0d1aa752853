{{/* The beginning of every name. With a release named like the chart, the names are those of config/default. */}}
{{- define "microservice-operator.fullname" -}}
{{- $name := ternary .Release.Name (printf "%s-%s" .Release.Name .Chart.Name) (contains .Chart.Name .Release.Name) }}
{{- .Values.fullnameOverride | default $name | trunc 44 | trimSuffix "-" }}
{{- end }}

{{/* The name of the Deployment. The longest fullname makes it 63 characters long. */}}
{{- define "microservice-operator.manager" -}}
{{ include "microservice-operator.fullname" . }}-controller-manager
{{- end }}

{{/* What selects the pods. It is immutable, so no value may change it. */}}
{{- define "microservice-operator.selector" -}}
control-plane: controller-manager
app.kubernetes.io/name: microservice-operator
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* The labels of every object: those of the chart win over the user's. */}}
{{- define "microservice-operator.labels" -}}
{{- $own := dict "app.kubernetes.io/name" "microservice-operator" "app.kubernetes.io/instance" .Release.Name }}
{{- $_ := set $own "app.kubernetes.io/managed-by" .Release.Service }}
{{- $_ := set $own "app.kubernetes.io/version" (.Chart.AppVersion | replace "+" "_" | trunc 63) }}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63) }}
{{- merge $own .Values.commonLabels | toYaml }}
{{- end }}

{{/* The same, for the Deployment and what reads its metrics. */}}
{{- define "microservice-operator.managerLabels" -}}
{{- merge (dict "control-plane" "controller-manager") (include "microservice-operator.labels" . | fromYaml) | toYaml }}
{{- end }}

{{- define "microservice-operator.serviceAccount" -}}
{{- $default := ternary (include "microservice-operator.manager" .) "default" .Values.serviceAccount.create }}
{{- .Values.serviceAccount.name | default $default }}
{{- end }}

{{- define "microservice-operator.image" -}}
{{- with .Values.image }}
{{- $tag := .tag | default (ternary "" $.Chart.AppVersion (ne .digest "")) }}
{{- with .registry }}{{ . }}/{{ end }}{{ .repository }}{{ with $tag }}:{{ . }}{{ end }}{{ with .digest }}@{{ . }}{{ end }}
{{- end }}
{{- end }}

{{/* The scheme of the metrics is also the name of their port. */}}
{{- define "microservice-operator.scheme" -}}
{{ ternary "https" "http" .Values.metrics.secure }}
{{- end }}

{{/* Whether the manager asks the API server who reads its metrics: empty for no. */}}
{{- define "microservice-operator.authenticates" -}}
{{ and .Values.metrics.enabled .Values.metrics.secure | ternary "true" "" }}
{{- end }}

{{/* The name of a Service has at most 63 characters. */}}
{{- define "microservice-operator.metricsService" -}}
{{ printf "%s-metrics-service" (include "microservice-operator.manager" .) | trunc 63 | trimSuffix "-" }}
{{- end }}
