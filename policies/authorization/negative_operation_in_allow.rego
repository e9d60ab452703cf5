# METADATA
# title: ALLOW rule for all operations but some
# description: |
#   The rule takes every call that is not listed. A path that is spelled in another way, or a host with
#   a port behind it, is not the one that is listed and yet may lead to the same place; and what the
#   application offers later is allowed from its first day.
# related_resources:
# - https://istio.io/latest/docs/ops/best-practices/security/#safer-authorization-policy-patterns
# custom:
#   severity: medium
#   precision: high
#   meshes: [istio]
#   remediation: |
#     List what is allowed (`paths`, `methods`, `ports`); what must stay out whatever is allowed goes
#     into a policy with `action: DENY`.
#   controls: ["nist-800-53r5/SC-7(5)", nist-800-53r5/AC-6, pci-dss-4.0.1/7.3.3]
#   params: {exempt_namespaces: []}
package meshvet.authorization.negative_operation_in_allow

import data.meshvet.lib.authorization
import data.meshvet.lib.format

deny contains finding if {
	some policy in authorization.applied
	policy.authorization.effect == "allow"
	not policy.namespace in data.params.authorization.negative_operation_in_allow.exempt_namespaces
	some rule in policy.authorization.rules
	some call in authorization.what(rule)
	some field in call
	field.dimension in authorization.calls
	not is_listed(call, field.dimension)
	finding := {
		"msg": sprintf("this ALLOW rule takes every %s but %s%s", [
			field.dimension,
			format.some_of(authorization.texts(field)),
			object.get(spelling, field.dimension, ""),
		]),
		"at": field.at,
		"severity": authorization.level(policy, severity(field)),
	}
}

is_listed(call, dimension) if {
	some field in call
	field.dimension == dimension
	not field.negated
}

spelling := {
	"path": ", and another spelling of it is another path",
	"host": ", and the same host with a port is another host",
}

# What can be spelled in another way is not even left out.
severity(field) := "medium" if {
	spelling[field.dimension]
} else := "low"
