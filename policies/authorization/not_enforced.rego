# METADATA
# title: Policy enforces nothing in ambient mode
# description: |
#   In ambient mode the node's proxy decides about connections. It cannot read methods, paths, hosts
#   or tokens, asks no provider and marks nothing. A DENY rule of which nothing is left without them
#   matches no call, and a CUSTOM or AUDIT policy is passed over: everything passes as if the policy
#   were not there.
# related_resources:
# - https://istio.io/latest/docs/ambient/usage/l4-policy/
# custom:
#   severity: critical
#   precision: high
#   meshes: [istio]
#   remediation: |
#     Put a waypoint in front of the service and name it in `targetRefs` instead of a selector, or
#     write the rule with what the node's proxy reads: principals, namespaces, ipBlocks and ports.
#   controls:
#   - nist-800-53r5/AC-3
#   - nist-800-53r5/AC-4
#   - pci-dss-4.0.1/7.3.3
#   - soc2-2017/CC6.1
package meshvet.authorization.not_enforced

import data.meshvet.lib.format

deny contains finding if {
	some policy in input.noted
	some lost in policy.authorization.lost
	said := verdict(policy.authorization, lost)
	finding := {
		"msg": sprintf("%s %s: %s", [
			said.what,
			format.some_of(lost.workloads),
			said.why,
		]),
		"at": lost.at,
		"severity": said.severity,
	}
}

verdict(authorization, lost) := {
	"severity": "critical",
	"what": "this rule refuses nothing on",
	"why": "it needs what the node's proxy cannot read and only a waypoint reads",
} if {
	authorization.effect == "deny"
	lost.how == "void"
}

verdict(authorization, lost) := {
	"severity": "critical",
	"what": sprintf("%s is never asked about calls to", [authorization.provider.name]),
	"why": "in ambient mode only a waypoint asks",
} if {
	authorization.effect == "delegate"
	lost.how == "unread"
}

verdict(authorization, lost) := {
	"severity": "medium",
	"what": "nothing is marked for the audit on",
	"why": "in ambient mode only a waypoint marks",
} if {
	authorization.effect == "audit"
	lost.how == "unread"
}
