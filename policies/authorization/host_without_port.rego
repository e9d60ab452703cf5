# METADATA
# title: Host without its port
# description: |
#   The proxy compares a host with all of the authority that the caller sends, port included.
#   `shop.example` does not match a call to `shop.example:8080`, and which of them it sends is the
#   caller's choice.
# related_resources:
# - https://istio.io/latest/docs/reference/config/security/authorization-policy/#Operation
# custom:
#   severity: high
#   precision: high
#   meshes: [istio]
#   remediation: 'List the host with every port too: `shop.example` and `shop.example:*`.'
#   controls: [nist-800-53r5/AC-3]
package meshvet.authorization.host_without_port

import data.meshvet.lib.authorization

deny contains finding if {
	some policy in authorization.enforced
	some rule in policy.authorization.rules
	some field in authorization.fields(rule)
	field.dimension == "host"
	some value in field.values
	not contains(value.text, ":")
	not endswith(value.text, "*")
	not is_listed_with_ports(field, value)
	outcome := authorization.never(policy, field)
	finding := {
		"msg": sprintf("\"%s\" %s who calls it with a port, as in %s:80", [value.text, outcome.text, value.text]),
		"at": value.at,
		"severity": authorization.severity(outcome, "high", "low"),
	}
}

is_listed_with_ports(field, value) if {
	some other in authorization.texts(field)
	other in {concat("", [value.text, ":*"]), concat("", [value.text, "*"])}
}
