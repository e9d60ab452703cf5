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
#     namespace in which the pods run. In ambient mode, put a waypoint in front of the service and
#     name the service in `targetRefs`. Or remove the policy.
#   controls:
#   - nist-800-53r5/CM-6
#   - nist-800-53r5/AC-3
#   - pci-dss-4.0.1/2.2.6
package meshvet.hygiene.policy_without_effect

import data.meshvet.lib.format

deny contains finding if {
	some policy in input.noted
	why := policy.ineffective.reason
	verdict := object.get(special, [why, place(policy.namespace)], object.get(special, [why, policy.subject], verdicts[why]))
	finding := {
		"msg": sprintf("%s is in force for nobody: %s", [
			format.object(policy.at),
			replace(verdict.text, "NAMESPACE", policy.namespace),
		]),
		"at": policy.ineffective.at,
		"severity": severity(policy, verdict),
	}
}

verdicts := {
	"selects_nothing": {"severity": "medium", "text": "no pod has its labels, though NAMESPACE has workloads in these files"},
	"wrong_namespace": {"severity": "high", "text": "it looks in NAMESPACE only, and pods with its labels run elsewhere"},
	"selector_in_root": {"severity": "high", "text": "with a selector, policies of this kind count only outside of the root namespace NAMESPACE"},
	"targets_ignored": {"severity": "high", "text": "it names a Service of NAMESPACE, and no proxy in front of its pods looks at targets: only waypoints do"},
	"other_revision": {"severity": "high", "text": "it is labelled for a control plane that runs none of its pods"},
	"not_read_there": {"severity": "high", "text": "its pods in NAMESPACE are in ambient mode, where only a waypoint reads tokens, and waypoints look at targets, not at selectors"},
	"selector_at_waypoint": {"severity": "high", "text": "the pods with its labels are a waypoint's, which looks at targets, not at selectors"},
	"not_discovered": {"severity": "high", "text": "discoverySelectors leave NAMESPACE out, and nothing in it is read"},
}

# pods that these files do not hold may have the labels; and what nobody reads differs by kind
special := {
	"selects_nothing": {"empty": {"severity": "low", "text": "no pod in these files has its labels, nor is any other workload of NAMESPACE in them"}},
	"wrong_namespace": {"empty": {"severity": "medium", "text": "it looks in NAMESPACE only, which has no workload in these files, and pods with its labels run elsewhere"}},
	"not_read_there": {
		"telemetry": {"severity": "high", "text": "its pods in NAMESPACE are in ambient mode, where it counts for waypoints only, and these look at targets, not at selectors"},
		"extension": {"severity": "high", "text": "its pods in NAMESPACE are in ambient mode, where only waypoints run code, and these look at targets alone"},
		"routing": {"severity": "low", "text": "it routes requests to services in ambient mode, which no waypoint serves, and the node's proxy reads no requests"},
	},
}

place(namespace) := "inhabited" if {
	namespace in inhabited
} else := "empty"

inhabited := {namespace.name | some namespace in input.namespaces; namespace.workloads > 0}

# what logs are left with is less of a surprise than what protection is left with
severity(policy, verdict) := "medium" if {
	policy.subject == "telemetry"
	verdict.severity == "high"
} else := verdict.severity
