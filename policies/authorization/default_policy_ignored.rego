# METADATA
# title: Default policy is none that the mesh knows
# description: |
#   The value is not one of the policies that hold where nothing else is said, so it is passed over
#   and the policy that the mesh is installed with holds instead, which lets everyone in unless it
#   has been changed. At pods, an empty or wrong value also keeps that of their namespace away.
# related_resources:
# - https://linkerd.io/2-edge/reference/authorization-policy/#default-policies
# custom:
#   severity: high
#   precision: very-high
#   meshes: [linkerd]
#   remediation: |
#     Write `all-unauthenticated`, `all-authenticated`, `cluster-unauthenticated`,
#     `cluster-authenticated`, `deny` or `audit`, with hyphens and in lower case; or remove the
#     annotation, so that that of the namespace counts.
#   controls:
#   - nist-800-53r5/AC-3
#   - nist-800-53r5/CM-6
#   - pci-dss-4.0.1/7.3.3
package meshvet.authorization.default_policy_ignored

import data.meshvet.lib.proxies

deny contains finding if {
	some at, settings in proxies.written("invalid_default_policy")
	finding := {
		"msg": message(settings),
		"at": at,
	}
}

message(settings) := "this is no default policy: the control plane does not start with it" if {
	settings[0].value == ""
} else := sprintf("this is no default policy: %s holds for %s instead", [
	settings[0].value,
	proxies.whose(settings),
])
