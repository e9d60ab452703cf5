# METADATA
# title: Star in a trust domain takes every trust domain
# description: |
#   Istio takes the trust domains of a mesh, its own and its aliases, for one and the same. A principal
#   whose trust domain has a star and fits one of them is therefore read as all of them, and lets in
#   callers of trust domains that the pattern seems to leave out.
# related_resources:
# - https://istio.io/latest/docs/tasks/security/authorization/authz-td-migration/
# custom:
#   severity: medium
#   precision: very-high
#   meshes: [istio]
#   remediation: |
#     Write the trust domain out; and as each alias of the mesh stands for all others, drop from
#     `trustDomainAliases` what must not be let in.
#   controls: [nist-800-53r5/AC-3, nist-800-53r5/AC-6, nist-800-53r5/IA-9]
package meshvet.authorization.wildcard_trust_domain

import data.meshvet.lib.authorization
import data.meshvet.lib.format

deny contains finding if {
	some policy in authorization.enforced
	policy.authorization.effect == "allow"
	some rule in policy.authorization.rules
	some field in authorization.fields(rule)
	not field.negated
	some value in field.values
	others := value.also # not there where there are none
	finding := {
		"msg": sprintf("\"%s\" lets in the trust domain %s as well: a star that fits one of the mesh's takes them all", [
			value.text,
			format.some_of(others),
		]),
		"at": value.at,
		"severity": authorization.level(policy, "medium"),
	}
}
