# METADATA
# title: Field that does not exist
# description: |
#   The API server drops a field that a kind, or this version of it, does not have, or refuses the
#   object where it checks strictly. Either way what was meant is not in force: a misspelt field in a
#   security policy leaves the policy wider, narrower or empty, and nothing says so.
# related_resources:
# - https://istio.io/latest/docs/reference/config/security/
# - https://linkerd.io/2/reference/authorization-policy/
# - https://developer.hashicorp.com/consul/docs/connect/config-entries
# custom:
#   severity: high
#   precision: very-high
#   meshes: [istio, linkerd, consul]
#   remediation: |
#     Write the field as its kind spells it; the singular of a list, and a capital letter, are the
#     usual slips. Where it came with a later version of the kind, write that version.
package meshvet.hygiene.unknown_field

deny contains finding if {
	some problem in input.problems
	problem.kind == "unknown-field"
	finding := {"msg": problem.message, "at": problem.at}
}
