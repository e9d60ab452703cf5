# METADATA
# title: Object is refused when it is applied
# description: |
#   The mesh's admission webhook, or the API server, does not take this object as it is written. It
#   will not come into being, and what was there before stays in force: where the object was to
#   close something, that stays open.
# related_resources:
# - https://istio.io/latest/docs/ops/common-problems/validation/
# - https://linkerd.io/2/reference/authorization-policy/
# custom:
#   severity: high
#   precision: high
#   meshes: [istio, linkerd]
#   remediation:
#     istio: |
#       Repair the field that the finding points to; `istioctl validate -f FILE` says the same before
#       anything is applied.
#     linkerd: |
#       Repair the field that the finding points to. Where the webhook did not answer when the object
#       was applied, it is stored all the same, and passed over.
#   controls:
#   - nist-800-53r5/CM-6
#   - pci-dss-4.0.1/2.2.6
package meshvet.hygiene.rejected_object

severities := {
	"security.istio.io": "high",
	"networking.istio.io": "medium",
	"policy.linkerd.io": "high",
	"telemetry.istio.io": "medium",
}

deny contains finding if {
	some problem in input.problems
	problem.kind == "rejected-object"
	finding := {
		"msg": problem.message,
		"at": problem.at,
		"severity": severity(problem.group),
	}
}

# routes decide who may call where Linkerd is the only mesh that reads them
severity(group) := severities[group]

severity("gateway.networking.k8s.io") := "high" if {
	{mesh.kind | some mesh in input.meshes} == {"linkerd"}
}
