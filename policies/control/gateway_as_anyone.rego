# METADATA
# title: Gateway to the outside may act as every service
# description: |
#   A terminating gateway holds an identity for each service that it stands for, and gets the right to
#   register it. One that names `*` may get the certificate of every service of the mesh, and register
#   itself as any of them: whoever takes over the gateway calls, and is called, as all of them.
# related_resources:
# - https://developer.hashicorp.com/consul/docs/connect/config-entries/terminating-gateway
# custom:
#   severity: high
#   precision: high
#   meshes: [consul]
#   remediation: |
#     List the services outside the mesh that the gateway stands for, one by one.
#   controls:
#   - nist-800-53r5/AC-6
#   - nist-800-53r5/IA-9
#   - mitre-attack-containers/T1078
package meshvet.control.gateway_as_anyone

deny contains finding if {
	some mesh in input.meshes
	some setting in mesh.posture
	setting.name == "egress_for_all"
	finding := {
		"msg": sprintf("the gateway %s stands for every service, and may get the identity of each", [setting.value]),
		"at": setting.at,
	}
}
