# METADATA
# title: Rule that an earlier one leaves nothing for
# description: |
#   Permissions of an intention are tried in the order in which they are written, and the first that
#   fits decides. One before this takes every request that this one takes, so a refusal behind a
#   permission for everything refuses nothing.
# related_resources:
# - https://developer.hashicorp.com/consul/docs/connect/config-entries/service-intentions#permissions
# custom:
#   severity: high
#   precision: very-high
#   meshes: [consul]
#   remediation: |
#     Write what is narrower first: the permission for `/admin` before the one for `/`.
#   controls: [nist-800-53r5/AC-3, nist-800-53r5/CM-6, pci-dss-4.0.1/7.2.2]
#   params: {exempt_namespaces: []}
package meshvet.authorization.never_reached

import data.meshvet.lib.authorization

deny contains finding if {
	some policy in authorization.enforced
	not policy.namespace in data.params.authorization.never_reached.exempt_namespaces
	some lost in policy.authorization.lost
	lost.how == "shadowed"
	said := verdicts[policy.authorization.effect]
	finding := {
		"msg": sprintf(said.text, [authorization.target(policy)]),
		"at": lost.at,
		"severity": authorization.level(policy, said.severity),
		"related": authorization.blamed(lost, "takes these calls before"),
	}
}

verdicts := {
	"deny": {"severity": "high", "text": "this refuses nothing on %s: one before it lets all of these calls in"},
	"allow": {"severity": "medium", "text": "this lets nobody in to %s: one before it refuses all of these calls"},
}
