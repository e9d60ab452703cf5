# METADATA
# title: ALLOW rule without a condition
# description: |
#   A rule that names no caller and no operation matches every call. A call is let in when any rule
#   that allows matches it, so beside this one all narrower rules count for nothing; in Istio only DENY
#   and CUSTOM policies still keep anyone out, in Linkerd nothing does.
#
#   An empty `requiredAuthenticationRefs` is such a rule: it looks as if it let in nobody.
# related_resources:
# - https://istio.io/latest/docs/concepts/security/#allow-nothing-deny-all-and-allow-all-policy
# - https://linkerd.io/2/reference/authorization-policy/#authorizationpolicy
# custom:
#   severity: high
#   precision: high
#   meshes: [istio, linkerd]
#   remediation:
#     istio: Delete the rule, or name in it who may call (`from`) and what (`to`).
#     linkerd: |
#       Require a MeshTLSAuthentication that names the callers (`identityRefs`); in a
#       ServerAuthorization, `meshTLS` with their `serviceAccounts` instead of `unauthenticated`. An
#       `accessPolicy` adds to all other authorizations of its Server: leave it out, or make it `deny`.
#   controls: ["nist-800-53r5/SC-7(5)", nist-800-53r5/AC-6, pci-dss-4.0.1/7.3.3, soc2-2017/CC6.3]
#   params: {exempt_namespaces: []}
package meshvet.authorization.allow_all

import data.meshvet.lib.authorization

# a DENY for everyone but a few may stand before it
is_open(policy) if policy.selects == 0

is_open(policy) if count(policy.authorization.open_ports) > 0

deny contains finding if {
	some policy in authorization.applied
	policy.authorization.effect == "allow"
	not policy.namespace in data.params.authorization.allow_all.exempt_namespaces
	some rule in policy.authorization.rules
	rule.everything
	is_open(policy)
	why := reason(policy, rule)
	finding := {
		"msg": sprintf("anyone may call everything on %s: %s", [authorization.target(policy), why.text]),
		"at": rule.at,
		"severity": authorization.level(policy, why.severity),
	}
}

# a list that is empty is not meant to let in everyone
reason(policy, rule) := {"severity": "critical", "text": "the list of what callers have to prove is empty"} if {
	policy.mesh == "linkerd"
	count(rule.sources) == 0
	endswith(rule.at, "/requiredAuthenticationRefs")
} else := {"severity": "high", "text": "this asks callers for nothing"} if {
	policy.mesh == "linkerd"
} else := {"severity": "high", "text": "this ALLOW rule has no condition"}
