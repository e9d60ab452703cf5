# METADATA
# title: Principal that no caller can have
# description: |
#   Istio compares principals as text: `<trust domain>/ns/<namespace>/sa/<service account>`, without
#   `spiffe://`. Any other form, or another mesh's trust domain, is accepted and matches nobody.
# related_resources:
# - https://istio.io/latest/docs/reference/config/security/authorization-policy/#Source
# custom:
#   severity: high
#   precision: high
#   meshes: [istio]
#   remediation: |
#     Write `cluster.local/ns/<namespace>/sa/<service account>`, which stands for the mesh's own trust
#     domain whatever its name is.
#   controls: [nist-800-53r5/AC-3, nist-800-53r5/CM-6]
package meshvet.authorization.malformed_identity

import data.meshvet.lib.authorization

deny contains finding if {
	some policy in authorization.enforced
	some rule in policy.authorization.rules
	some field in authorization.fields(rule)
	some value in field.values
	value.malformed != null
	not is_trusted(policy, value)
	outcome := authorization.never(policy, field)
	finding := {
		"msg": sprintf("\"%s\" %s: %s%s", [value.text, outcome.text, value.malformed, doubt(value)]),
		"at": value.at,
		"severity": severity(value, outcome),
	}
}

# The form is right; the trust domain may be one that is trusted as well.
is_foreign(value) if {
	not contains(value.text, "://")
	count(split(value.text, "/")) == 5
}

# others vouch for identities of their own trust domains
is_trusted(policy, value) if {
	is_foreign(value)
	some mesh in input.meshes
	mesh.kind == policy.mesh
	mesh.federated
}

doubt(value) := ", as far as these files show" if {
	is_foreign(value)
} else := ""

severity(value, outcome) := "low" if {
	is_foreign(value)
} else := authorization.severity(outcome, "high", "medium")
