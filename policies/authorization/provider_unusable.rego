# METADATA
# title: Provider that cannot be asked
# description: |
#   The policy hands the decision to a provider that the mesh's settings do not have, or that does
#   not authorize; or another policy hands that of the same workload to another provider. Istio
#   refuses every call that the policy's rules match.
# related_resources:
# - https://istio.io/latest/docs/tasks/security/authorization/authz-custom/
# custom:
#   severity: medium
#   precision: high
#   meshes: [istio]
#   remediation: |
#     Define the provider under `meshConfig.extensionProviders`, as `envoyExtAuthzHttp` or
#     `envoyExtAuthzGrpc`, with the name that the policy uses.
#   controls: [nist-800-53r5/AC-3, nist-800-53r5/CM-6]
package meshvet.authorization.provider_unusable

import data.meshvet.lib.format

deny contains finding if {
	some policy in input.noted
	provider := policy.authorization.provider
	provider.unusable != null
	finding := {
		"msg": message(policy, provider),
		"at": concat("", [policy.at, "/spec/provider/name"]),
		"severity": severity(policy),
	}
}

# of several providers on one workload none is asked
deny contains finding if {
	some policy in input.noted
	provider := policy.authorization.provider
	others := provider.beside # not there where there are none
	finding := {
		"msg": sprintf("what this policy matches is refused: a policy for one of the same workloads asks %s, and Istio asks one provider only", [format.some_of(others)]),
		"at": concat("", [policy.at, "/spec/provider/name"]),
	}
}

settings_known(policy) if {
	some mesh in input.meshes
	mesh.kind == policy.mesh
	mesh.settings_known
}

message(policy, provider) := sprintf("what this policy matches is refused: %s", [provider.unusable]) if {
	settings_known(policy)
} else := sprintf("whether \"%s\" can be asked is not in these files: the mesh's settings are not", [provider.name])

severity(policy) := "medium" if {
	settings_known(policy)
} else := "info"
