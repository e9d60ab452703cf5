# METADATA
# title: Policy that enforces nothing
# description: |
#   In Istio's ambient mode the node's proxy decides about connections. It cannot read methods, paths,
#   hosts or tokens, asks no provider and marks nothing. A DENY rule of which nothing is left without
#   them matches no call, and a CUSTOM or AUDIT policy is passed over: everything passes as if the
#   policy were not there.
#
#   Where Consul lets in by default, permissions that only allow keep their callers from nothing: what
#   they do not list is let in as well. Worse, the callers that have such a list are taken out of a
#   refusal of everyone else (`*`).
# related_resources:
# - https://istio.io/latest/docs/ambient/usage/l4-policy/
# - https://developer.hashicorp.com/consul/docs/connect/config-entries/service-intentions
# custom:
#   severity: critical
#   precision: high
#   meshes: [istio, consul]
#   remediation:
#     istio: |
#       Put a waypoint in front of the service and name it in `targetRefs` instead of a selector, or
#       write the rule with what the node's proxy reads: principals, namespaces, ipBlocks and ports.
#     consul: |
#       Let Consul deny by default (`global.acls.manageSystemACLs: true`, or `default_intention_policy =
#       "deny"`), or end the list with a permission that denies the rest (`action: deny`, `http` with
#       `pathPrefix: /`).
#   controls:
#   - nist-800-53r5/AC-3
#   - nist-800-53r5/AC-4
#   - pci-dss-4.0.1/7.3.3
#   - soc2-2017/CC6.1
package meshvet.authorization.not_enforced

import data.meshvet.lib.authorization
import data.meshvet.lib.format

deny contains finding if {
	some policy in input.noted
	some lost in policy.authorization.lost
	said := verdict(policy.authorization, lost)
	finding := {
		"msg": sprintf("%s %s: %s", [
			said.what,
			where(policy, lost),
			said.why,
		]),
		"at": lost.at,
		"severity": severity(policy, said),
		"related": authorization.blamed(lost, object.get(said, "by", "decides")),
	}
}

where(_, lost) := format.some_of(lost.workloads)

# a service that these files do not hold
where(policy, lost) := authorization.target(policy) if count(lost.workloads) == 0

severity(policy, said) := authorization.level(policy, said.severity) if {
	said.by # where nobody may be concerned yet
} else := said.severity

verdict(written, lost) := {
	"severity": "critical",
	"what": "this rule refuses nothing on",
	"why": "it needs what the node's proxy cannot read and only a waypoint reads",
} if {
	written.effect == "deny"
	lost.how == "void"
}

verdict(written, lost) := {
	"severity": "critical",
	"what": sprintf("%s is never asked about calls to", [written.provider.name]),
	"why": "in ambient mode only a waypoint asks",
} if {
	written.effect == "delegate"
	lost.how == "unread"
}

verdict(written, lost) := {
	"severity": "medium",
	"what": "nothing is marked for the audit on",
	"why": "in ambient mode only a waypoint marks",
} if {
	written.effect == "audit"
	lost.how == "unread"
}

verdict(_, lost) := {
	"severity": "high",
	"what": "this list keeps its callers from nothing on",
	"why": "what it does not list is let in by default",
	"by": "lets in by default",
} if {
	lost.how == "open"
}

verdict(_, lost) := {
	"severity": "critical",
	"what": "this list lets its callers in to everything on",
	"why": "it exempts them from what refuses everyone else, and what it does not list is let in by default",
	"by": "refuses everyone else",
} if {
	lost.how == "exempt"
}
