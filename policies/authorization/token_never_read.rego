# METADATA
# title: Token that nobody looks at
# description: |
#   The rule looks at a token, and no RequestAuthentication is in force on the workload. The proxy
#   then reads no token, and every request counts as one without: a positive field matches none of
#   them, and an excluding one matches all.
# related_resources:
# - https://istio.io/latest/docs/reference/config/security/request_authentication/
# custom:
#   severity: high
#   precision: high
#   meshes: [istio]
#   remediation: |
#     Write a RequestAuthentication that selects the workload and names the issuer, or take the field
#     out of the rule.
#   controls: [nist-800-53r5/AC-3, nist-800-204b/EAUN-SR-1]
package meshvet.authorization.token_never_read

import data.meshvet.lib.authorization
import data.meshvet.lib.format

deny contains finding if {
	some policy in authorization.enforced
	count(policy.authorization.without_tokens) > 0
	some rule in policy.authorization.rules
	some field in authorization.fields(rule)
	field.dimension == "token"
	outcome := authorization.never(policy, field)
	finding := {
		"msg": sprintf("%s %s on %s: no RequestAuthentication in these files has tokens read there", [
			field.field,
			outcome.text,
			format.some_of(policy.authorization.without_tokens),
		]),
		"at": field.at,
		"severity": authorization.severity(outcome, "high", "medium"),
	}
}
