# METADATA
# title: Identity that nobody has
# description: |
#   No workload in these files runs with this service account, and none declares it, although others
#   of its namespace are there. The rule misses the caller that was meant, and whoever creates such a
#   service account later is meant by it.
#
#   In Consul it is the name of a service that nothing in these files is registered under.
# related_resources:
# - https://istio.io/latest/docs/concepts/security/#istio-identity
# - https://linkerd.io/2/reference/authorization-policy/#meshtlsauthentication
# custom:
#   severity: high
#   precision: medium
#   meshes: [istio, linkerd, consul]
#   remediation:
#     istio: |
#       Write the service account that the caller runs with, or delete the entry. What is deployed from
#       elsewhere belongs into the parameter `known`, as it is written in the policy.
#     linkerd: |
#       Write the service account that the caller runs with, or delete the entry. What is deployed from
#       elsewhere belongs into the parameter `known`, as it is written in the policy.
#     consul: |
#       Write the name that the caller is registered under, which is that of its Kubernetes Service or
#       of the annotation `consul.hashicorp.com/connect-service`, or delete the entry. What is
#       registered from elsewhere belongs into the parameter `known`.
#   controls: [nist-800-53r5/AC-3, pci-dss-4.0.1/7.2.5]
#   params: {known: []}
package meshvet.authorization.unknown_identity

import data.meshvet.lib.authorization

deny contains finding if {
	some policy in authorization.enforced
	some rule in policy.authorization.rules
	some field in authorization.fields(rule)
	some value in field.values
	is_unknown(value)
	value.malformed == null
	not value.text in data.params.authorization.unknown_identity.known
	not is_there_anyway(policy, value)
	outcome := authorization.never(policy, field)
	finding := {
		"msg": sprintf("nobody in these files is %s%s, so it %s", [value.text, hint(value), outcome.text]),
		"at": value.at,
		"severity": severity(policy, value, outcome),
	}
}

# every namespace has this account
is_there_anyway(policy, value) if {
	policy.mesh == "linkerd"
	value.identity_known == "no"
	regex.match(`^default\.|/default$`, value.text)
}

is_unknown(value) if value.identity_known == "no"

# nothing may be known of its namespace: another file may have it, but the name is close to one
is_unknown(value) if value.nearest != null

hint(value) := "" if {
	value.nearest == null
} else := sprintf(" (the nearest is %s)", [value.nearest])

severity(policy, value, outcome) := "low" if {
	value.identity_known == "namespace_unknown"
} else := authorization.severity(outcome, "medium", "low") if {
	policy.mesh == "consul" # a name may be registered from anywhere
	value.nearest == null
} else := authorization.severity(outcome, "high", "medium")
