# METADATA
# title: Others may make agents run programs
# description: |
#   A check that runs a script runs it on the machine of the agent, with its rights. Where scripts may
#   come by the API, whoever may register a service runs what they like; where remote execution is on,
#   whoever may write a key does so on every machine. Without ACLs that is everyone who reaches the API.
#
#   Silent: `enable_local_script_checks`, which takes scripts from files of the agent only.
# related_resources:
# - https://developer.hashicorp.com/consul/docs/reference/agent/configuration-file/general
# - https://www.hashicorp.com/blog/protecting-consul-from-rce-risk-in-specific-configurations
# custom:
#   severity: critical
#   precision: very-high
#   meshes: [consul]
#   remediation: |
#     Replace `enable_script_checks` by `enable_local_script_checks`, and remove `disable_remote_exec =
#     false`. Checks by HTTP, gRPC or TCP need neither.
#   controls:
#   - nist-800-53r5/CM-7
#   - nist-800-53r5/AC-6
#   - pci-dss-4.0.1/2.2.6
#   - mitre-attack-containers/T1609
package meshvet.control.remote_commands

ways := {
	"remote_exec": "whoever may write a key makes every agent run programs",
	"script_checks": "whoever may register a service makes its agent run programs",
}

deny contains finding if {
	some mesh in input.meshes
	some setting in mesh.posture
	setting.name == "remote_commands"
	finding := {"msg": ways[setting.value], "at": setting.at}
}
