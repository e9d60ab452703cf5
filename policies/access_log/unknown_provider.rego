# METADATA
# title: Log provider does not exist
# description: |
#   A Telemetry names a provider that the mesh does not have, one that writes no access logs, or one
#   that sends them to a service which does not exist. Istio passes over it without a word and falls
#   back to the mesh's own log file, which is off by default: the log that the Telemetry promises is
#   not written.
# related_resources:
# - https://istio.io/latest/docs/tasks/observability/telemetry/
# custom:
#   severity: high
#   precision: high
#   meshes: [istio]
#   remediation: |
#     Use a name from `extensionProviders` of the mesh's settings that stands for an access log, or
#     the built-in `envoy`.
#   controls:
#   - nist-800-53r5/AU-12
#   - pci-dss-4.0.1/10.2.1
package meshvet.access_log.unknown_provider

deny contains finding if {
	some policy in input.noted
	some entry in policy.logs
	some provider in entry.providers
	not provider.logs
	sure := surety(entry)
	finding := {
		"msg": sprintf("no provider %q writes access logs%s", [provider.name, sure.text]),
		"at": provider.at,
		"severity": sure.severity,
	}
}

surety(entry) := {"severity": "medium", "text": ", so this switches off nothing"} if {
	settings_known
	entry.disabled
} else := {"severity": "high", "text": ", so the mesh's default decides whether any is written"} if {
	settings_known
} else := {"severity": "info", "text": ", as far as these files show: the mesh's settings, which may define it, are elsewhere"}

settings_known if {
	some mesh in input.meshes
	mesh.settings_known
}
