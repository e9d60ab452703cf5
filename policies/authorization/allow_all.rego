# METADATA
# title: ALLOW rule without a condition
# description: |
#   A rule that names no caller and no operation matches every call. Istio lets a call in when any
#   ALLOW rule matches it, so beside this one all narrower rules count for nothing; only DENY and
#   CUSTOM policies still keep anyone out.
# related_resources:
# - https://istio.io/latest/docs/concepts/security/#allow-nothing-deny-all-and-allow-all-policy
# custom:
#   severity: high
#   precision: high
#   meshes: [istio]
#   remediation: Delete the rule, or name in it who may call (`from`) and what (`to`).
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
	finding := {
		"msg": sprintf("anyone may call everything on %s: this ALLOW rule has no condition", [authorization.target(policy)]),
		"at": rule.at,
		"severity": authorization.level(policy, "high"),
	}
}
