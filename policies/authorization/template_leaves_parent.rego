# METADATA
# title: Path template leaves out the path above it
# description: |
#   In a template `{**}` stands for what comes after a slash, and the slash must be there:
#   `/admin/{**}` takes `/admin/` and all below it, but not `/admin`. Many applications answer both
#   alike.
# related_resources:
# - https://istio.io/latest/docs/reference/config/security/authorization-policy/#Operation
# custom:
#   severity: medium
#   precision: high
#   meshes: [istio]
#   remediation: List the path without the slash as well (`paths` with `/admin` and `/admin/{**}`).
#   controls: [nist-800-53r5/AC-3, nist-800-53r5/CM-6]
package meshvet.authorization.template_leaves_parent

import data.meshvet.lib.authorization

deny contains finding if {
	some policy in authorization.enforced
	some rule in policy.authorization.rules
	some field in authorization.fields(rule)
	field.dimension == "path"
	some value in field.values
	parent := replace(value.text, "/{**}", "") # of other paths themselves
	parent != ""
	not is_listed(policy, field, parent)
	outcome := authorization.never(policy, field)
	finding := {
		"msg": sprintf("\"%s\" does not take %s: there it %s", [value.text, parent, outcome.text]),
		"at": value.at,
		"severity": authorization.severity(outcome, "medium", "low"),
	}
}

is_listed(policy, field, parent) if {
	some rule in policy.authorization.rules
	some other in authorization.fields(rule)
	other.dimension == "path"
	other.negated == field.negated
	some text in authorization.texts(other)
	takes(text, parent)
}

takes(text, parent) if text == parent

takes(text, parent) if {
	endswith(text, "*")
	startswith(parent, trim_suffix(text, "*"))
}
