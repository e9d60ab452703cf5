# METADATA
# title: Header in place of an identity
# description: |
#   The rule lets in whoever sends a certain header, and asks for nothing else. A header is written by
#   the caller, so everyone who knows its name and value is let in.
# related_resources:
# - https://istio.io/latest/docs/reference/config/security/conditions/
# custom:
#   severity: high
#   precision: high
#   meshes: [istio]
#   remediation: |
#     Name in `from` the callers that are trusted to set the header, or test a claim of a token
#     (`request.auth.claims[...]`) with a RequestAuthentication.
#   controls: [nist-800-53r5/AC-3, nist-800-53r5/IA-9, nist-800-204b/EUAZ-SR-3]
#   params: {exempt_namespaces: [], exempt_headers: []}
package meshvet.authorization.header_as_identity

import data.meshvet.lib.authorization

params := data.params.authorization.header_as_identity

deny contains finding if {
	some policy in authorization.applied
	policy.authorization.effect == "allow"
	not policy.namespace in params.exempt_namespaces
	some rule in policy.authorization.rules
	some field in rule.conditions
	field.dimension == "header"
	not field.negated
	not name(field) in params.exempt_headers
	some fields in authorization.who(rule)
	not proves_something(fields)
	finding := {
		"msg": sprintf("whoever sends the header %s may call %s", [name(field), authorization.target(policy)]),
		"at": field.at,
		"severity": authorization.level(policy, "high"),
	}
}

# `request.headers[x-user]` → `x-user`
name(field) := trim_suffix(trim_prefix(lower(field.field), "request.headers["), "]")

proves_something(fields) if {
	some field in fields
	field.dimension in {"identity", "token", "address", "other"}
	authorization.demands(field)
}
