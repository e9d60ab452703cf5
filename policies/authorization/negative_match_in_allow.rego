# METADATA
# title: ALLOW rule by exclusion
# description: |
#   The rule lets in whoever is not listed. A caller without an identity, an address or a token is
#   never listed, so such a rule lets it in as well; a path that is spelled in another way is another
#   path; and whatever is added later is allowed from its first day.
# related_resources:
# - https://istio.io/latest/docs/ops/best-practices/security/#safer-authorization-policy-patterns
# custom:
#   severity: high
#   precision: high
#   meshes: [istio]
#   remediation: |
#     List what is allowed, without `not`; what must stay out whatever is allowed goes into a policy
#     with `action: DENY`.
#   controls: ["nist-800-53r5/SC-7(5)", nist-800-53r5/AC-6, pci-dss-4.0.1/7.3.3]
#   params: {exempt_namespaces: []}
package meshvet.authorization.negative_match_in_allow

import data.meshvet.lib.authorization
import data.meshvet.lib.format

allowing := [policy |
	some policy in authorization.applied
	policy.authorization.effect == "allow"
	not policy.namespace in data.params.authorization.negative_match_in_allow.exempt_namespaces
]

# callers: nothing that they would have to show
deny contains finding if {
	some policy in allowing
	some rule in policy.authorization.rules
	some fields in authorization.who(rule)
	not demands_something(fields)
	field := array.concat(excluding(fields, {"identity"}), excluding(fields, authorization.callers))[0]
	unnamed := unnamed_ports(policy, rule, field)
	is_met(field, unnamed)
	finding := {
		"msg": sprintf("this ALLOW rule lets in %s%s", [everyone_but(field), way_in(field, unnamed)]),
		"at": field.at,
		"severity": authorization.level(policy, severity(rule, unnamed)),
		"related": format.places(unnamed, "takes plaintext"),
	}
}

# operations: an attribute of the call is only excluded
deny contains finding if {
	some policy in allowing
	some rule in policy.authorization.rules
	some call in authorization.what(rule)
	some field in call
	not is_listed(call, field.dimension)
	finding := {
		"msg": sprintf("this ALLOW rule takes every %s but %s%s", [
			field.dimension,
			format.some_of(authorization.texts(field)),
			object.get(spelling, field.dimension, ""),
		]),
		"at": field.at,
		"severity": authorization.level(policy, weight[field.dimension]),
	}
}

excluding(fields, dimensions) := [field |
	some field in fields
	field.negated
	field.dimension in dimensions
]

# Paths and hosts can be spelled in other ways, so that the exclusion is no exclusion.
weight := {"path": "medium", "host": "medium", "method": "low", "port": "low", "destination": "low"}

spelling := {
	"path": ", and another spelling of it is another path",
	"host": ", and the same host with a port is another host",
}

demands_something(fields) if {
	some field in fields
	authorization.demands(field)
}

is_listed(call, dimension) if {
	some field in call
	field.dimension == dimension
	not field.negated
}

# Ports on which a caller without an identity meets an exclusion of identities.
unnamed_ports(policy, rule, field) := authorization.concerned(policy, rule, policy.authorization.anonymous_ports) if {
	field.dimension == "identity"
} else := []

# Some caller is not excluded: not all are, or one can do without what is excluded.
is_met(field, _) if not field.any

is_met(field, _) if field.dimension in {"token", "header"}

is_met(_, unnamed) if count(unnamed) > 0

everyone_but(field) := sprintf("whoever shows no %s", [field.dimension]) if {
	field.any
} else := sprintf("everyone but %s", [format.some_of(authorization.texts(field))])

way_in(field, unnamed) := "" if {
	count(unnamed) == 0
} else := sprintf("%s: %s %s plaintext", [
	also(field),
	format.some_ports(unnamed),
	format.choose(unnamed, "takes", "take"),
])

also(field) := "" if {
	field.any
} else := ", also without an identity"

severity(rule, unnamed) := "medium" if {
	count(unnamed) == 0
} else := "critical" if {
	count(rule.operations) == 0
} else := "high"
