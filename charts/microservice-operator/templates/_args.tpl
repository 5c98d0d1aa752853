{{/* The manager's flags. Of a flag that is given twice, the last counts. */}}
{{- define "microservice-operator.args" -}}
{{- $args := list "--leader-elect" (printf "--leader-election-id=%s" .Values.leaderElection.id) "--health-probe-bind-address=:8081" "--flags-from=/etc/microservice-operator" }}
{{- with .Values.metrics }}
{{- if .enabled }}
{{- $args = append $args (printf "--metrics-bind-address=:%d" (int .port)) }}
{{- $args = append $args (printf "--metrics-secure=%v" .secure) }}
{{- $args = append $args (printf "--object-metrics=%s" .objects) }}
{{- with .certificateSecret }}
{{- $args = append $args "--metrics-cert-path=/etc/metrics-certificate" }}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.watchNamespaces }}
{{- $args = append $args (printf "--watch-namespaces=%s" (join "," .)) }}
{{- end }}
{{- $args = append $args (printf "--max-concurrent-reconciles=%d" (int .Values.maxConcurrentReconciles)) }}
{{- $args = append $args (printf "--max-dependent-restarts=%d" (int .Values.maxDependentRestarts)) }}
{{- $args = append $args (printf "--default-min-ready-seconds=%d" (int .Values.defaultMinReadySeconds)) }}
{{- with .Values.dns }}
{{- $args = append $args (printf "--dns-namespace=%s" .namespace) }}
{{- $args = append $args (printf "--dns-pod-labels=%s" .podLabels) }}
{{- $args = append $args (printf "--dns-ports=%s" (join "," .ports)) }}
{{- $args = append $args (printf "--dns-cidrs=%s" (join "," .cidrs)) }}
{{- end }}
{{- with .Values.scraperNamespaces }}
{{- $args = append $args (printf "--scraper-namespaces=%s" (join "," .)) }}
{{- end }}
{{- with .Values.clusterCIDRs }}
{{- $args = append $args (printf "--cluster-cidrs=%s" (join "," .)) }}
{{- end }}
{{- with .Values.clusterDomain }}
{{- $args = append $args (printf "--cluster-domain=%s" .) }}
{{- end }}
{{- with .Values.gatewayAPI }}
{{- with .gateway }}
{{- $args = append $args (printf "--gateway=%s" .) }}
{{- end }}
{{- with .peers }}
{{- $args = append $args (printf "--gateway-peers=%s" (join ";" .)) }}
{{- end }}
{{- end }}
{{- with .Values.podMonitors.labels }}
{{- $labels := list }}
{{- range $key, $value := . }}{{ $labels = append $labels (printf "%s=%s" $key $value) }}{{ end }}
{{- $args = append $args (printf "--pod-monitor-labels=%s" (join "," $labels)) }}
{{- end }}
{{- with .Values.meshPorts }}
{{- $args = append $args (printf "--mesh-ports=%s" (join "," .)) }}
{{- end }}
{{- with .Values.copyLabels }}
{{- $args = append $args (printf "--copy-labels=%s" (join "," .)) }}
{{- end }}
{{- with .Values.otlp }}
{{- if .endpoint }}
{{- $args = append $args (printf "--otlp-endpoint=%s" .endpoint) }}
{{- $args = append $args (printf "--otlp-protocol=%s" .protocol) }}
{{- end }}
{{- with .peers }}
{{- $args = append $args (printf "--otlp-peers=%s" .) }}
{{- end }}
{{- end }}
{{- $args = append $args (printf "--zap-log-level=%v" .Values.log.level) }}
{{- $args = append $args (printf "--zap-encoder=%s" .Values.log.format) }}
{{- concat $args .Values.extraArgs | toYaml }}
{{- end }}
