# METADATA
# title: ACL policy gives rights over the whole mesh
# description: |
#   These rights reach further than one service: `operator`, `acl`, `mesh`, `keyring` and `peering` change the
#   mesh itself, and `write` for all services, intentions or keys lets a token be any service, let
#   anyone in anywhere, or change what all programs read. Whoever takes such a token has the mesh. What
#   a token that is not given may do (`anonymous`), everyone may.
#
#   Silent: rights to read, to one name or to names with a beginning, rights inside one namespace, and
#   policies whose file says that they are for bootstrap, replication, snapshots or the injector.
# related_resources:
# - https://developer.hashicorp.com/consul/docs/reference/acl/rule
# custom:
#   severity: high
#   precision: medium
#   meshes: [consul]
#   remediation: |
#     Name the services and keys that the holder needs, and give `intentions = "write"` for services that
#     it owns only. What administers the mesh gets a policy of its own, with tokens that end.
#   controls:
#   - nist-800-53r5/AC-6
#   - nist-800-53r5/CM-5
#   - pci-dss-4.0.1/7.2.2
#   - soc2-2017/CC6.3
package meshvet.control.broad_acl_policy

gains := {
	"acl": "may make tokens with any right",
	"intentions": "may let anyone call any service",
	"key": "may change every key",
	"keyring": "may change the key that gossip is encrypted with",
	"mesh": "may change settings of the whole mesh",
	"operator": "may change how Consul itself runs",
	"peering": "may connect the mesh with others",
	"service": "may be any service of the mesh",
}

holders := {
	"anonymous_acl_policy": {"who": "everyone, without a token,", "severity": "critical"},
	"broad_acl_policy": {"who": "whoever has a token with this policy", "severity": "high"},
}

deny contains finding if {
	some mesh in input.meshes
	some setting in mesh.posture
	holder := holders[setting.name]
	finding := {
		"msg": sprintf("%s %s", [holder.who, gains[setting.value]]),
		"at": setting.at,
		"severity": holder.severity,
	}
}
