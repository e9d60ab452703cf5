# METADATA
# title: Switching a log off has no effect
# description: |
#   An entry with `disabled: true` switches off the providers it names or inherits. Where none is
#   named anywhere it switches off nobody, and the log that the mesh's settings switch on goes on:
#   whoever wrote the entry believes that nothing is logged.
# related_resources:
# - https://istio.io/latest/docs/reference/config/telemetry/#AccessLogging
# custom:
#   severity: medium
#   precision: high
#   meshes: [istio]
#   remediation: |
#     Name the provider in the entry (`providers: [{name: envoy}]`), or remove the entry.
#   controls: [nist-800-53r5/CM-6]
package meshvet.access_log.switch_without_effect

import data.meshvet.lib.format

deny contains finding if {
	some policy in input.noted
	some entry in policy.logs
	entry.disabled
	not entry.effective
	sure := surety
	finding := {
		"msg": sprintf("%s switches off no log: no provider is named here or above%s", [format.object(policy.at), sure.unless]),
		"at": sprintf("%s/disabled", [entry.at]),
		"severity": sure.severity,
	}
}

# default providers would be inherited
surety := {"severity": "medium", "unless": ""} if {
	some mesh in input.meshes
	mesh.settings_known
} else := {"severity": "low", "unless": " in these files; the mesh's settings, which may name one, are elsewhere"}
