# METADATA
# title: Identities where nobody proves one
# description: |
#   The rule goes by identities, and the port takes plaintext only, since mutual TLS is switched off
#   there. Nobody proves an identity in plaintext: a positive field never holds, and an excluding one
#   always does.
# related_resources:
# - https://istio.io/latest/docs/concepts/security/#dependency-on-mutual-tls
# custom:
#   severity: high
#   precision: high
#   meshes: [istio]
#   remediation: |
#     Let the port take mutual TLS again: remove `mode: DISABLE` from the PeerAuthentication, or make
#     it `STRICT`.
#   controls: [nist-800-53r5/AC-3, nist-800-53r5/IA-9, nist-800-204b/EAUN-SR-1]
package meshvet.authorization.identity_without_mtls

import data.meshvet.lib.authorization
import data.meshvet.lib.format

deny contains finding if {
	some policy in authorization.enforced
	some rule in policy.authorization.rules
	ports := authorization.concerned(policy, rule, policy.authorization.unproven_ports)
	some fields in authorization.who(rule)
	some field in fields
	field.dimension == "identity"
	not is_told_elsewhere(policy, fields, field)
	outcome := authorization.never(policy, field)
	finding := {
		"msg": sprintf("%s %s on %s: only plaintext is taken there, which proves no identity", [
			field.field,
			outcome.text,
			format.some_ports(ports),
		]),
		"at": field.at,
		"severity": authorization.severity(outcome, "high", "medium"),
		"related": format.places(ports, "takes plaintext only"),
	}
}

# authorization/deny_by_identity
is_told_elsewhere(policy, _, field) if {
	policy.authorization.effect == "deny"
	not field.negated
}

# authorization/negative_match_in_allow; or a field beside it fails everyone
is_told_elsewhere(policy, fields, field) if {
	policy.authorization.effect == "allow"
	field.negated
	not asks_for_something_else(fields)
}

asks_for_something_else(fields) if {
	some field in fields
	authorization.demands(field)
	every other in fields {
		not names_callers(other)
	}
}

names_callers(field) if {
	field.dimension == "identity"
	not field.negated
}
