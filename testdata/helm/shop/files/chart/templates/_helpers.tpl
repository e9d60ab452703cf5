{{- define "shop.labels" -}}
app: cart
{{ toYaml .Values.labels }}
{{- end -}}
