# METADATA
# title: ALLOW rule for all callers but some
# description: |
#   The rule lets in whoever is not listed. A caller without an identity or a token is never listed,
#   so the rule lets it in as well, and with it every workload that is added later.
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

deny contains finding if {
	some policy in authorization.applied
	policy.authorization.effect == "allow"
	not policy.namespace in data.params.authorization.negative_match_in_allow.exempt_namespaces
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

excluding(fields, dimensions) := [field |
	some field in fields
	field.negated
	field.dimension in dimensions
]

demands_something(fields) if {
	some field in fields
	authorization.demands(field)
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
