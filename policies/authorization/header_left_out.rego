# METADATA
# title: Header that callers can leave out
# description: |
#   With `invert` a permission of Consul is about calls whose header is another than this, and not
#   about calls without the header. A refusal of whoever has a wrong value is gone around by sending
#   none at all.
# related_resources:
# - https://developer.hashicorp.com/consul/docs/connect/config-entries/service-intentions#header
# custom:
#   severity: high
#   precision: high
#   meshes: [consul]
#   remediation: |
#     Write a second permission beside it for calls without the header: the same, with
#     `present: true` and `invert: true`. Better still, allow what has the right value and deny by
#     default.
#   controls: [nist-800-53r5/AC-3, nist-800-53r5/CM-6]
#   params: {exempt_namespaces: []}
package meshvet.authorization.header_left_out

import data.meshvet.lib.authorization

deny contains finding if {
	some policy in authorization.enforced
	not policy.namespace in data.params.authorization.header_left_out.exempt_namespaces
	some lost in policy.authorization.lost
	lost.how == "absent"
	some rule in policy.authorization.rules
	some field in authorization.fields(rule)
	field.at == lost.at
	said := verdicts[policy.authorization.effect]
	finding := {
		"msg": sprintf(said.text, [field.field, authorization.target(policy)]),
		"at": lost.at,
		"severity": authorization.level(policy, said.severity),
	}
}

verdicts := {
	"deny": {"severity": "high", "text": "whoever leaves out the header %s is not refused on %s: this asks for another value, and none is no other"},
	"allow": {"severity": "medium", "text": "whoever leaves out the header %s is not let in to %s: this asks for another value, and none is no other"},
}
