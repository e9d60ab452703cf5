# METADATA
# title: Object is refused when it is applied
# description: |
#   The mesh's admission webhook, or the API server, does not take this object as it is written. It
#   will not come into being, and what was there before stays in force: where the object was to
#   close something, that stays open.
# related_resources:
# - https://istio.io/latest/docs/ops/common-problems/validation/
# - https://linkerd.io/2/reference/authorization-policy/
# - https://developer.hashicorp.com/consul/docs/connect/config-entries
# custom:
#   severity: high
#   precision: high
#   meshes: [istio, linkerd, consul]
#   remediation:
#     istio: |
#       Repair the field that the finding points to; `istioctl validate -f FILE` says the same before
#       anything is applied.
#     linkerd: |
#       Repair the field that the finding points to. Where the webhook did not answer when the object
#       was applied, it is stored all the same, and passed over.
#     consul: |
#       Repair the field that the finding points to; `consul config write FILE` says the same of a file,
#       and the status of an object (`kubectl get`, column SYNCED) once it is applied.
#   controls:
#   - nist-800-53r5/CM-6
#   - pci-dss-4.0.1/2.2.6
package meshvet.hygiene.rejected_object

severities := {
	"security.istio.io": "high",
	"networking.istio.io": "medium",
	"consul.hashicorp.com": "high",
	"policy.linkerd.io": "high",
	"telemetry.istio.io": "medium",
}

deny contains finding if {
	some problem in input.problems
	problem.kind == "rejected-object"
	finding := {
		"msg": problem.message,
		"at": problem.at,
		"severity": severity(problem),
	}
}

severity(problem) := severities[problem.group] if not is_refused_weakening(problem)

# files of Consul's own are of no group
severity(problem) := "high" if {
	problem.resource_kind == "File"
	not is_refused_weakening(problem)
}

severity(problem) := "low" if is_refused_weakening(problem)

# what would have let plaintext in does not
is_refused_weakening(problem) if contains(problem.message, "allowEnablingPermissiveMutualTLS")

# routes decide who may call where Linkerd is the only mesh that reads them
severity(problem) := "high" if {
	problem.group == "gateway.networking.k8s.io"
	{mesh.kind | some mesh in input.meshes} == {"linkerd"}
}
