# METADATA
# title: Star that stands for nothing
# description: |
#   In these values a star is a wildcard only as the first or the last character. Any other star is
#   taken as it is written, so the value matches nothing that occurs, and the rule does not do what
#   it looks like.
# related_resources:
# - https://istio.io/latest/docs/concepts/security/#value-matching
# custom:
#   severity: high
#   precision: very-high
#   meshes: [istio]
#   remediation: |
#     Keep one star, at one end of the value. In paths `{*}` stands for one segment and `{**}` for
#     any number of them; namespaces take stars anywhere (`namespaces`).
#   controls: [nist-800-53r5/AC-3, nist-800-53r5/CM-6]
package meshvet.authorization.literal_star

import data.meshvet.lib.authorization

deny contains finding if {
	some policy in authorization.enforced
	some rule in policy.authorization.rules
	some field in authorization.fields(rule)
	some value in field.values
	value.literal_star
	outcome := authorization.never(policy, field)
	finding := {
		"msg": sprintf("\"%s\" %s: inside of a value a star is only a star", [value.text, outcome.text]),
		"at": value.at,
		"severity": authorization.severity(outcome, "high", "medium"),
	}
}
