{{/* Names, labels, images, addresses: what all templates share. */}}

{{- define "downbeat.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "downbeat.fullname" -}}
{{- $name := include "downbeat.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Of (dict "root" $ "of" "worker"): what pods are selected by; it never changes. */}}
{{- define "downbeat.selector" -}}
app.kubernetes.io/name: {{ include "downbeat.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .of }}
{{- end -}}

{{- define "downbeat.labels" -}}
{{ include "downbeat.selector" . }}
app.kubernetes.io/part-of: downbeat
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Of (dict "root" $ "of" "worker"): the beginning of an object. */}}
{{- define "downbeat.metadata" -}}
name: {{ include "downbeat.fullname" .root }}-{{ .called | default .of }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "downbeat.labels" . | nindent 2 }}
{{- end -}}

{{/* Of (dict "image" IMAGE "tag" DEFAULT). */}}
{{- define "downbeat.image" -}}
{{- if .image.digest -}}
{{- printf "%s@%s" .image.repository .image.digest -}}
{{- else -}}
{{- printf "%s:%s" .image.repository (.image.tag | default .tag) -}}
{{- end -}}
{{- end -}}

{{- define "downbeat.serviceAccount" -}}
{{- (index .root.Values .of).pod.serviceAccount.name | default (printf "%s-%s" (include "downbeat.fullname" .root) .of) -}}
{{- end -}}

{{/* Where services of ours are: https with certificates, which hold this name. */}}
{{- define "downbeat.address" -}}
{{- printf "%s://%s-%s:%d" (ternary "https" "http" .root.Values.tls.enabled) (include "downbeat.fullname" .root) .of (int .port) -}}
{{- end -}}

{{/* What pods of a StatefulSet are reached under, each behind its own name and a dot, of (dict "root" $ "of" "nats"). */}}
{{- define "downbeat.podsDomain" -}}
{{- printf "%s-%s-headless.%s.svc.%s" (include "downbeat.fullname" .root) .of .root.Release.Namespace .root.Values.clusterDomain -}}
{{- end -}}

{{/* Addresses of so many pods, with commas between them, of (dict "root" $ "of" "nats" "scheme" "nats" "port" 4222 "replicas" 3). */}}
{{- define "downbeat.podsAddresses" -}}
{{- $all := list -}}
{{- range $ordinal := until (int .replicas) -}}
{{- $all = append $all (printf "%s://%s-%s-%d.%s:%d" $.scheme (include "downbeat.fullname" $.root) $.of $ordinal (include "downbeat.podsDomain" $) (int $.port)) -}}
{{- end -}}
{{- join "," $all -}}
{{- end -}}

{{/*
Where coordinators or projectors are: behind their Service, which knows who serves. Of several each is named behind it: whoever has several
addresses notices within seconds that one is gone, and goes to the next. Of (dict "root" $ "of" "coordinator" "port" 7410).
*/}}
{{- define "downbeat.addresses" -}}
{{- $service := include "downbeat.address" . -}}
{{- $replicas := int (index .root.Values .of).replicas -}}
{{- if gt $replicas 1 -}}
{{- printf "%s,%s" $service (include "downbeat.podsAddresses" (dict "root" .root "of" .of "scheme" (ternary "https" "http" .root.Values.tls.enabled) "port" .port "replicas" $replicas)) -}}
{{- else -}}
{{- $service -}}
{{- end -}}
{{- end -}}

{{/* A Service by which each pod has a name of its own, ready or not, of (dict "root" $ "of" "nats" "ports" PORTS). */}}
{{- define "downbeat.headless" -}}
apiVersion: v1
kind: Service
metadata:
  {{- include "downbeat.metadata" (merge (dict "called" (printf "%s-headless" .of)) .) | nindent 2 }}
spec:
  clusterIP: None
  # They have to find each other before they are ready.
  publishNotReadyAddresses: true
  selector:
    {{- include "downbeat.selector" . | nindent 4 }}
  ports:
    {{- .ports | nindent 4 }}
{{- end -}}

{{/* Names under which a Service is reached, of (dict "root" $ "of" "coordinator"). */}}
{{- define "downbeat.dnsNames" -}}
{{- $name := printf "%s-%s" (include "downbeat.fullname" .root) .of -}}
{{- $ns := .root.Release.Namespace -}}
- {{ $name }}
- {{ $name }}.{{ $ns }}
- {{ $name }}.{{ $ns }}.svc
- {{ $name }}.{{ $ns }}.svc.{{ .root.Values.clusterDomain }}
{{- if .pods }}
- "*.{{ include "downbeat.podsDomain" . }}"
{{- end }}
{{- end -}}

{{- define "downbeat.tlsSecret" -}}
{{- (index .root.Values.tls.secrets .of) | default (printf "%s-%s-tls" (include "downbeat.fullname" .root) .of) -}}
{{- end -}}

{{- define "downbeat.natsTlsSecret" -}}
{{- .Values.nats.tls.existingSecret | default (printf "%s-nats-tls" (include "downbeat.fullname" .)) -}}
{{- end -}}

{{- define "downbeat.natsUrl" -}}
{{- if .Values.nats.enabled -}}
{{- $scheme := ternary "tls" "nats" .Values.nats.tls.enabled -}}
{{- if gt (int .Values.nats.replicas) 1 -}}
{{- include "downbeat.podsAddresses" (dict "root" . "of" "nats" "scheme" $scheme "port" 4222 "replicas" .Values.nats.replicas) -}}
{{- else -}}
{{- printf "%s://%s-nats:4222" $scheme (include "downbeat.fullname" .) -}}
{{- end -}}
{{- else -}}
{{- .Values.nats.url -}}
{{- end -}}
{{- end -}}

{{/* Copies of a stream, of (dict "root" $ "said" NUMBER): what is said, else one on each server that we know. */}}
{{- define "downbeat.copies" -}}
{{- .said | default (ternary .root.Values.nats.replicas 1 .root.Values.nats.enabled) -}}
{{- end -}}

{{/* The key of the Secrets of users of NATS. */}}
{{- define "downbeat.natsKey" -}}
{{- .Values.nats.auth.key | default .Values.nats.auth.method -}}
{{- end -}}

{{/* A claim that is made, of (dict "root" $ "of" "nats" "called" "nats-data" "volume" VOLUME "mode" MODE). */}}
{{- define "downbeat.claim" -}}
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  {{- include "downbeat.metadata" . | nindent 2 }}
  annotations:
    # What is in it outlives the release.
    helm.sh/resource-policy: keep
spec:
  accessModes: [{{ .mode }}]
  {{- with .volume.storageClass }}
  storageClassName: {{ . }}
  {{- end }}
  resources:
    requests:
      storage: {{ .volume.size }}
{{- end -}}

{{/* Claims that the cluster makes for each pod of its own, of (dict "root" $ "of" "nats" "volume" VOLUME). */}}
{{- define "downbeat.claimTemplates" -}}
volumeClaimTemplates:
  - metadata:
      name: data
      labels:
        {{- include "downbeat.selector" . | nindent 8 }}
    spec:
      accessModes: [ReadWriteOnce]
      {{- with .volume.storageClass }}
      storageClassName: {{ . }}
      {{- end }}
      resources:
        requests:
          storage: {{ .volume.size }}
{{- end -}}

{{/* Whether there are any: where there are several pods, for one has a claim of the chart's. Of (dict "root" $ "of" "nats"). */}}
{{- define "downbeat.claimsEach" -}}
{{- with index .root.Values .of -}}
{{- if and .persistence.enabled (gt (int .replicas) 1) }}yes{{ end -}}
{{- end -}}
{{- end -}}

{{/* A volume of a pod, of (dict "root" $ "name" NAME "called" CLAIM "volume" VOLUME). */}}
{{- define "downbeat.volume" -}}
- name: {{ .name }}
  {{- if .volume.enabled }}
  persistentVolumeClaim:
    claimName: {{ .volume.existingClaim | default (printf "%s-%s" (include "downbeat.fullname" .root) .called) }}
  {{- else }}
  emptyDir:
    sizeLimit: {{ .volume.size }}
  {{- end }}
{{- end -}}

{{/* A Secret as files that owner and group may read, of (dict "name" NAME "secret" SECRET "items" KEYS). */}}
{{- define "downbeat.secretVolume" -}}
- name: {{ .name }}
  secret:
    secretName: {{ .secret }}
    defaultMode: 0400
    {{- with .items }}
    items:
      {{- range . }}
      - key: {{ . }}
        path: {{ . }}
      {{- end }}
    {{- end }}
{{- end -}}
