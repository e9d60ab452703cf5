# METADATA
# title: One identity that stands for many
# description: |
#   What calls through the gateway of another cluster arrives with the gateway's identity. A rule that
#   lets that one in lets in everyone over there who may call through it, and the identity that they
#   proved to the gateway is lost.
# related_resources:
# - https://linkerd.io/2/tasks/pod-to-pod-multicluster/
# custom:
#   severity: high
#   precision: medium
#   meshes: [linkerd]
#   remediation: |
#     Where the networks of the clusters are flat, link the service with remote discovery
#     (`mirror.linkerd.io/exported: remote-discovery`), which keeps the identities, and name these.
#     Otherwise put what other clusters may call into a workload of its own.
#   controls: [nist-800-53r5/AC-3, nist-800-53r5/AC-6, nist-800-53r5/IA-9]
#   params: {exempt_namespaces: []}
package meshvet.authorization.identity_of_many

import data.meshvet.lib.authorization

deny contains finding if {
	some policy in authorization.applied
	policy.authorization.effect == "allow"
	not policy.namespace in data.params.authorization.identity_of_many.exempt_namespaces
	some rule in policy.authorization.rules
	some field in authorization.fields(rule)
	not field.negated
	some value in field.values
	many := value.stands_for # not there where it stands for itself
	finding := {
		"msg": sprintf("this lets %s in to %s", [many, authorization.target(policy)]),
		"at": value.at,
		"severity": authorization.level(policy, "high"),
	}
}
