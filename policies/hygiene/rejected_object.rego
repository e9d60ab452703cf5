# METADATA
# title: Object is refused when it is applied
# description: |
#   Istio's admission webhook, or the API server, does not take this object as it is written. It
#   will not come into being, and what was there before stays in force: where the object was to
#   close something, that stays open.
# related_resources:
# - https://istio.io/latest/docs/ops/common-problems/validation/
# custom:
#   severity: high
#   precision: high
#   meshes: [istio]
#   remediation: |
#     Repair the field that the finding points to; `istioctl validate -f FILE` says the same before
#     anything is applied.
#   controls:
#   - nist-800-53r5/CM-6
#   - pci-dss-4.0.1/2.2.6
package meshvet.hygiene.rejected_object

severities := {
	"security.istio.io": "high",
	"networking.istio.io": "medium",
	"telemetry.istio.io": "medium",
}

deny contains finding if {
	some problem in input.problems
	problem.kind == "rejected-object"
	finding := {
		"msg": problem.message,
		"at": problem.at,
		"severity": severities[problem.group],
	}
}
