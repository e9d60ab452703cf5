# METADATA
# title: What agents tell one another is not encrypted
# description: |
#   By gossip agents and servers know who is there. Without a key anyone who reaches its port can read
#   who is there, send false news, mark nodes as failed, and join. With a key that is not checked
#   (`encrypt_verify_incoming`, `encrypt_verify_outgoing`, meant for the days of a change) the same is so.
#
#   Judged are agents' files and values of the chart. A key on a command line, in an environment or a
#   vault does not show in an agent's file: allow this rule there.
# related_resources:
# - https://developer.hashicorp.com/consul/docs/secure/encryption/gossip/enable/new
# custom:
#   severity: high
#   precision: medium
#   meshes: [consul]
#   remediation: |
#     Set `global.gossipEncryption.autoGenerate: true` (chart), or `encrypt` with a key from
#     `consul keygen` that is filled in when the agent starts, and leave both checks on.
#   controls:
#   - nist-800-53r5/SC-8
#   - nist-800-53r5/IA-3
#   - pci-dss-4.0.1/4.2.1
#   - mitre-attack-containers/T1557
package meshvet.control.plaintext_gossip

faults := {
	"off": "gossip between agents and servers has no key: anyone can read it, and join",
	"unverified": "gossip has a key, and what comes without it is taken as well",
}

deny contains finding if {
	some mesh in input.meshes
	some setting in mesh.posture
	setting.name == "gossip_encryption"
	finding := {"msg": faults[setting.value], "at": setting.at}
}
