{{/*
One pod of one service: who runs it, what it may, what it is given. Of (dict "root" $ "of" "worker" "program" PROGRAM, and as text in
YAML: "env", "mounts", "volumes", "ports", "probes"; "token": whether it has the token of its service account; "pause": whether it is
taken out of its Service before it is stopped; "spread": whether there are several).
*/}}
{{- define "downbeat.pod" -}}
{{- $root := .root -}}
{{- $values := index $root.Values .of -}}
{{- $pod := $values.pod -}}
metadata:
  labels:
    {{- include "downbeat.selector" . | nindent 4 }}
    {{- with $root.Values.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- with $pod.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- if or $pod.annotations .annotations }}
  annotations:
    {{- with .annotations }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- with $pod.annotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
spec:
  serviceAccountName: {{ include "downbeat.serviceAccount" . }}
  automountServiceAccountToken: {{ .token | default false }}
  # Variables that the cluster makes of Services' names begin like ours: DOWNBEAT_COORDINATOR_PORT.
  enableServiceLinks: false
  {{- with $root.Values.imagePullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . }}
    {{- end }}
  {{- end }}
  {{- with $pod.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  terminationGracePeriodSeconds: {{ $pod.terminationGracePeriodSeconds }}
  securityContext:
    {{- include "downbeat.podSecurity" $root | nindent 4 }}
  containers:
    - name: {{ .of }}
      image: {{ .image | default (include "downbeat.image" (dict "image" $root.Values.image "tag" $root.Chart.AppVersion)) }}
      imagePullPolicy: {{ .pullPolicy | default $root.Values.image.pullPolicy }}
      args: {{ .args | default (list .program) | toJson }}
      securityContext:
        {{- include "downbeat.containerSecurity" $root | nindent 8 }}
      {{- if or .program .env $pod.extraEnv }}
      env:
        {{- if .program }}
        - name: DOWNBEAT_LOG_FILTER
          value: {{ $root.Values.logFilter | quote }}
        {{- with trim (include "downbeat.telemetryEnv" $root) }}
        {{- . | nindent 8 }}
        {{- end }}
        {{- end }}
        {{- with .env }}
        {{- . | trim | nindent 8 }}
        {{- end }}
        {{- with $pod.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- end }}
      {{- with .ports }}
      ports:
        {{- . | trim | nindent 8 }}
      {{- end }}
      {{- with .probes }}
      {{- . | trim | nindent 6 }}
      {{- end }}
      {{- if .pause }}
      lifecycle:
        preStop:
          # Whoever has not heard yet that it goes still reaches it.
          sleep:
            seconds: 5
      {{- end }}
      resources:
        {{- toYaml $values.resources | nindent 8 }}
      volumeMounts:
        - name: tmp
          mountPath: /tmp
        {{- with trim (.mounts | default "") }}
        {{- . | nindent 8 }}
        {{- end }}
        {{- with $pod.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: tmp
      emptyDir: {}
    {{- with trim (.volumes | default "") }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- with $pod.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $pod.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $pod.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $pod.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if $pod.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- toYaml $pod.topologySpreadConstraints | nindent 4 }}
  {{- else if .spread }}
  topologySpreadConstraints:
    {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
    - maxSkew: 1
      topologyKey: {{ . }}
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "downbeat.selector" $ | nindent 10 }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- define "downbeat.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ .Values.runAs.user }}
runAsGroup: {{ .Values.runAs.group }}
fsGroup: {{ .Values.runAs.group }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "downbeat.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* Who is told over OTLP. */}}
{{- define "downbeat.telemetryEnv" -}}
{{- with .Values.telemetry.otlp -}}
{{- if .endpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ .endpoint | quote }}
- name: OTEL_TRACES_SAMPLER
  value: {{ .sampler }}
{{- with .samplerArgument }}
- name: OTEL_TRACES_SAMPLER_ARG
  value: {{ . | quote }}
{{- end }}
{{- with .headers.existingSecret }}
- name: OTEL_EXPORTER_OTLP_HEADERS
  valueFrom:
    secretKeyRef:
      name: {{ . }}
      key: {{ $.Values.telemetry.otlp.headers.key }}
{{- end }}
- name: K8S_POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: OTEL_RESOURCE_ATTRIBUTES
  value: k8s.pod.name=$(K8S_POD_NAME),k8s.namespace.name={{ $.Release.Namespace }}{{ range $name, $value := .resourceAttributes }},{{ $name }}={{ $value }}{{ end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Certificates of a service: variables, mounts, volumes. */}}
{{- define "downbeat.tlsEnv" -}}
{{- if .root.Values.tls.enabled }}
- name: DOWNBEAT_TLS_CERT
  value: /etc/downbeat/tls/tls.crt
- name: DOWNBEAT_TLS_KEY
  value: /etc/downbeat/tls/tls.key
- name: DOWNBEAT_TLS_CA
  value: /etc/downbeat/tls/ca.crt
{{- end }}
{{- end -}}

{{- define "downbeat.tlsMounts" -}}
{{- if .root.Values.tls.enabled }}
- name: tls
  mountPath: /etc/downbeat/tls
  readOnly: true
{{- end }}
{{- end -}}

{{- define "downbeat.tlsVolumes" -}}
{{- if .root.Values.tls.enabled }}
{{ include "downbeat.secretVolume" (dict "name" "tls" "secret" (include "downbeat.tlsSecret" .)) }}
{{- end }}
{{- end -}}

{{/* The log, and who its server believes that we are: of (dict "root" $ "of" "scheduler"). */}}
{{- define "downbeat.natsEnv" -}}
{{- $nats := .root.Values.nats }}
- name: DOWNBEAT_LOG
  value: {{ include "downbeat.natsUrl" .root | quote }}
{{- if ne $nats.auth.method "none" }}
- name: {{ get (dict "nkey" "DOWNBEAT_NATS_NKEY" "creds" "DOWNBEAT_NATS_CREDS" "password" "DOWNBEAT_NATS_PASSWORD_FILE") $nats.auth.method }}
  value: /etc/downbeat/nats/{{ include "downbeat.natsKey" .root }}
{{- end }}
{{- if or $nats.tls.enabled $nats.ca.existingSecret }}
- name: DOWNBEAT_NATS_CA
  value: /etc/downbeat/nats-ca/{{ ternary "ca.crt" $nats.ca.key $nats.enabled }}
{{- end }}
{{- if $nats.clientCertificate.existingSecret }}
- name: DOWNBEAT_NATS_CERT
  value: /etc/downbeat/nats-client/tls.crt
- name: DOWNBEAT_NATS_KEY
  value: /etc/downbeat/nats-client/tls.key
{{- end }}
{{- end -}}

{{- define "downbeat.natsMounts" -}}
{{- $nats := .root.Values.nats }}
{{- if ne $nats.auth.method "none" }}
- name: nats
  mountPath: /etc/downbeat/nats
  readOnly: true
{{- end }}
{{- if or $nats.tls.enabled $nats.ca.existingSecret }}
- name: nats-ca
  mountPath: /etc/downbeat/nats-ca
  readOnly: true
{{- end }}
{{- if $nats.clientCertificate.existingSecret }}
- name: nats-client
  mountPath: /etc/downbeat/nats-client
  readOnly: true
{{- end }}
{{- end -}}

{{- define "downbeat.natsVolumes" -}}
{{- $nats := .root.Values.nats }}
{{- if ne $nats.auth.method "none" }}
{{ include "downbeat.secretVolume" (dict "name" "nats" "secret" (index $nats.auth.secrets .of) "items" (list (include "downbeat.natsKey" .root))) }}
{{- end }}
{{- if $nats.tls.enabled }}
{{ include "downbeat.secretVolume" (dict "name" "nats-ca" "secret" (include "downbeat.natsTlsSecret" .root) "items" (list "ca.crt")) }}
{{- else if $nats.ca.existingSecret }}
{{ include "downbeat.secretVolume" (dict "name" "nats-ca" "secret" $nats.ca.existingSecret "items" (list $nats.ca.key)) }}
{{- end }}
{{- if $nats.clientCertificate.existingSecret }}
{{ include "downbeat.secretVolume" (dict "name" "nats-client" "secret" $nats.clientCertificate.existingSecret "items" (list "tls.crt" "tls.key")) }}
{{- end }}
{{- end -}}

{{/*
Probes of a gRPC port, of (dict "root" $ "port" 7410 "starts" SECONDS); "service": whose health says that it is ready. With certificates
a kubelet, which has none, can only look whether the port is open, which it is before anybody serves there; so what "service" is said of
looks itself whether it takes a connection.
*/}}
{{- define "downbeat.grpcProbes" -}}
{{- $how := ternary (dict "tcpSocket" (dict "port" (int .port))) (dict "grpc" (dict "port" (int .port))) .root.Values.tls.enabled -}}
startupProbe:
  {{- toYaml $how | nindent 2 }}
  periodSeconds: 5
  failureThreshold: {{ div (int .starts) 5 }}
livenessProbe:
  {{- toYaml $how | nindent 2 }}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  {{- if and .service .root.Values.tls.enabled }}
  {{- $how = dict "exec" (dict "command" (list "python3" "-c" (include "downbeat.handshake" .))) }}
  {{- else if .service }}
  {{- $how = dict "grpc" (dict "port" (int .port) "service" .service) }}
  {{- end }}
  {{- toYaml $how | nindent 2 }}
  periodSeconds: 5
  timeoutSeconds: 5
{{- end -}}

{{/* Ends well if the pod itself takes a connection over TLS at this port, of (dict "port" 7410). */}}
{{- define "downbeat.handshake" -}}
import os, socket, ssl
with_ours = ssl.create_default_context(cafile=os.environ["DOWNBEAT_TLS_CA"])
with_ours.check_hostname = False
with_ours.load_cert_chain(os.environ["DOWNBEAT_TLS_CERT"], os.environ["DOWNBEAT_TLS_KEY"])
with_ours.set_alpn_protocols(["h2"])
host, port = "0.0.0.0:{{ int .port }}".split(":")
with_ours.wrap_socket(socket.create_connection((host, int(port)), timeout=4)).close()
{{- end -}}
