# METADATA
# title: Claim that is a list in most tokens
# description: |
#   Consul compares a claim with one text. Of a claim that is a list, as roles, groups and scopes are
#   with most issuers, no element is looked at: such a token never fits, and whoever it was meant for
#   is refused.
# related_resources:
# - https://developer.hashicorp.com/consul/docs/connect/config-entries/service-intentions#verifyclaims
# custom:
#   severity: medium
#   precision: medium
#   meshes: [consul]
#   remediation: |
#     Have the issuer put the answer into a claim of its own that is a text, and verify that one. An
#     issuer that sends this claim as a text belongs into the parameter `text_claims`, by the name of
#     the claim.
#   controls: [nist-800-53r5/AC-3, nist-800-204b/EUAN-SR-1]
#   params:
#     exempt_namespaces: []
#     list_claims: [amr, aud, entitlements, groups, permissions, roles, scope, scopes, scp]
#     text_claims: []
package meshvet.authorization.claim_is_list

import data.meshvet.lib.authorization

params := data.params.authorization.claim_is_list

deny contains finding if {
	some policy in input.noted
	policy.mesh == "consul"
	policy.subject == "authorization"
	not policy.namespace in params.exempt_namespaces
	some rule in policy.authorization.rules
	some field in authorization.fields(rule)
	claim := name(field)
	claim in params.list_claims
	not claim in params.text_claims
	finding := {
		"msg": sprintf("a token whose claim %s is a list never fits %s: Consul compares it with one text", [claim, format_value(field)]),
		"at": field.at,
		"severity": authorization.level(policy, "medium"),
	}
}

# `claims[realm.roles]` → `roles`
name(field) := last if {
	startswith(field.field, "claims[")
	steps := split(trim_suffix(trim_prefix(field.field, "claims["), "]"), ".")
	last := lower(steps[count(steps) - 1])
}

format_value(field) := sprintf("\"%s\"", [field.values[0].text])
