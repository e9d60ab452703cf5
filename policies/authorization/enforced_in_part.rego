# METADATA
# title: Policy is cut down in ambient mode
# description: |
#   The policy selects pods in ambient mode by their labels, so the node's proxy applies it, which
#   reads no methods, paths, hosts or tokens; waypoints look at targets and pass it over. An ALLOW
#   rule that needs them is left out, and whom it was to let in is refused. A DENY rule loses them,
#   and refuses more than is written.
# related_resources:
# - https://istio.io/latest/docs/ambient/usage/l7-features/
# custom:
#   severity: high
#   precision: high
#   meshes: [istio]
#   remediation: |
#     Name the service in `targetRefs` instead of the selector, so that its waypoint applies the
#     policy; keep a second one, with principals and ports only, for the node's proxy.
#   controls:
#   - nist-800-53r5/AC-3
#   - soc2-2017/CC6.1
package meshvet.authorization.enforced_in_part

import data.meshvet.lib.format

deny contains finding if {
	some policy in input.noted
	some lost in policy.authorization.lost
	finding := {
		"msg": sprintf("%s on %s%s", [
			becomes[lost.how],
			format.some_of(lost.workloads),
			place[lost.before].text,
		]),
		"at": lost.at,
		"severity": place[lost.before].severity,
	}
}

becomes := {
	"dropped": "this rule lets nobody in",
	"widened": "this rule refuses more than it says",
}

place := {
	true: {"severity": "high", "text": ": the waypoint there looks at targets, not at selectors"},
	false: {"severity": "medium", "text": ": without a waypoint, nobody reads requests there"},
}
