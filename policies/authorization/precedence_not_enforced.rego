# METADATA
# title: Precedence that proxies do not enforce
# description: |
#   Consul documents that an intention about one destination goes before one about all (`*`), so that
#   what `*` may do at one service goes before what one source may do at every service. Its proxies
#   do not do that. They have a list of callers that are treated otherwise than by default: where the
#   default denies, whoever is let in to every service gets in, though the intention for this one
#   denies `*`; where it allows, whoever is refused everywhere is refused, though this one allows `*`.
# related_resources:
# - https://developer.hashicorp.com/consul/docs/connect/intentions#precedence-and-match-order
# custom:
#   severity: high
#   precision: high
#   meshes: [consul]
#   remediation: |
#     Write the exact intention: name the source in the ServiceIntentions of this destination, with
#     the action that is meant. It goes before both, also in proxies.
#   controls: [nist-800-53r5/AC-3, nist-800-53r5/AC-4, pci-dss-4.0.1/7.2.2]
#   params: {exempt_namespaces: []}
package meshvet.authorization.precedence_not_enforced

import data.meshvet.lib.authorization

deny contains finding if {
	some policy in authorization.enforced
	not policy.namespace in data.params.authorization.precedence_not_enforced.exempt_namespaces
	some lost in policy.authorization.lost
	lost.how == "outdone"
	said := verdict(lost)
	finding := {
		"msg": sprintf("%s %s all the same: in proxies this line does not go first", [
			said.who,
			authorization.target(policy),
		]),
		"at": lost.at,
		"severity": authorization.level(policy, said.severity),
		"related": authorization.blamed(lost, "has the last word"),
	}
}

verdict(lost) := {"severity": "medium", "who": "a caller that is refused everywhere is kept out of"} if {
	some other in input.noted
	other.at == lost.by
	other.authorization.effect == "deny"
} else := {"severity": "high", "who": "a caller that is let in to every service gets in to"}
