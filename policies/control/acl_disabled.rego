# METADATA
# title: Everyone administers the mesh
# description: |
#   Without ACLs Consul's API asks nobody who they are. Whoever reaches it, from any pod or machine, may
#   rewrite intentions, register services under any name, and read all keys and values. Any pod may take
#   the name of any service, so that an identity in the mesh says nothing.
#
#   Silent: servers that are not in these files.
# related_resources:
# - https://developer.hashicorp.com/consul/docs/secure/acl
# - https://developer.hashicorp.com/consul/docs/secure/security-model/core
# custom:
#   severity: critical
#   precision: high
#   meshes: [consul]
#   remediation: |
#     Set `global.acls.manageSystemACLs: true` (chart), or `acl { enabled = true default_policy = "deny" }`
#     on every server and agent, and give tokens to what calls the API. For a running mesh follow the
#     guide for it: calls without an intention are refused from then on.
#   controls:
#   - nist-800-53r5/AC-3
#   - nist-800-53r5/AC-6
#   - nist-800-53r5/CM-5
#   - pci-dss-4.0.1/7.2.2
#   - soc2-2017/CC6.1
#   - mitre-attack-containers/T1562.001
package meshvet.control.acl_disabled

deny contains finding if {
	some mesh in input.meshes
	some setting in mesh.posture
	setting.name == "acl"
	setting.value == "off"
	finding := {
		"msg": sprintf("ACLs are off: whoever reaches Consul's API may change the mesh%s", [doubt(setting)]),
		"at": setting.at,
	}
}

doubt(setting) := "" if setting.configured

doubt(setting) := "; they are so unless something says otherwise" if not setting.configured
