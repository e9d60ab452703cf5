# METADATA
# title: Policy is in force for nobody
# description: |
#   A policy that selects no workload, or that the workloads' proxies do not look at, changes
#   nothing. It reads like protection, and whoever relies on it is not protected.
# related_resources:
# - https://istio.io/latest/docs/reference/config/security/authorization-policy/
# custom:
#   severity: high
#   precision: high
#   meshes: [istio]
#   remediation: |
#     Make the selector fit the labels of the pod template (not those of the Deployment), in the
#     namespace in which the pods run; or remove the policy.
#   controls:
#   - nist-800-53r5/CM-6
#   - nist-800-53r5/AC-3
#   - pci-dss-4.0.1/2.2.6
package meshvet.hygiene.policy_without_effect

import data.meshvet.lib.format

deny contains finding if {
	some policy in input.policies
	policy.ineffective != null
	sure := surety(policy)
	finding := {
		"msg": sprintf("%s is in force for nobody: %s%s", [
			format.object(policy.at),
			replace(reason[policy.ineffective.reason], "NAMESPACE", policy.namespace),
			sure.unless,
		]),
		"at": policy.ineffective.at,
		"severity": sure.severity,
	}
}

reason := {
	"selects_nothing": "no pod in these files has its labels",
	"wrong_namespace": "it looks in NAMESPACE only, and pods with its labels run elsewhere",
	"selector_in_root": "with a selector, policies of this kind count only outside of the root namespace NAMESPACE",
	"targets_ignored": "it names a Service of NAMESPACE, and the sidecars there look at no targets",
	"other_revision": "it is labelled for a control plane that runs none of its pods in NAMESPACE",
}

# pods that these files do not hold may have the labels
surety(policy) := {"severity": "low", "unless": ""} if {
	policy.ineffective.reason == "selects_nothing"
	not policy.namespace in inhabited
} else := {"severity": "medium", "unless": sprintf("; %s has no workload in these files", [policy.namespace])} if {
	policy.ineffective.reason == "wrong_namespace"
	not policy.namespace in inhabited
} else := {"severity": "medium", "unless": sprintf(", though %s has workloads here", [policy.namespace])} if {
	policy.ineffective.reason == "selects_nothing"
} else := {"severity": "medium", "unless": "; other settings of the log stay in force"} if {
	policy.subject == "telemetry"
} else := {"severity": "high", "unless": ""}

# namespaces of which the files hold workloads
inhabited := {workload.namespace | some workload in input.workloads}
