# METADATA
# title: Calls that no policy is about are let in
# description: |
#   Where no intention is about a call, Consul's default decides, and here it lets everyone in who is
#   in the mesh: a service that is added tomorrow is open, a misspelt name protects nothing, and
#   permissions that only allow restrict nothing. The default is that of ACLs (`allow`, unless they say
#   otherwise), or `default_intention_policy`, which counts before it even where ACLs deny.
#
#   An intention that keeps everyone from everything makes up for it, but not for a caller with
#   permissions of its own: what they do not name falls to the default. Silent: agents that are no
#   servers, and meshes whose servers are not in these files.
# related_resources:
# - https://developer.hashicorp.com/consul/docs/secure-mesh/intention
# - https://developer.hashicorp.com/consul/docs/reference/agent/configuration-file/acl
# custom:
#   severity: high
#   precision: high
#   meshes: [consul]
#   remediation: |
#     Write the intentions that the services need, then set `global.acls.manageSystemACLs: true` (chart),
#     or `acl { enabled = true default_policy = "deny" }`. Where ACLs have to stay off,
#     `default_intention_policy = "deny"` closes the mesh alone.
#   controls: ["nist-800-53r5/SC-7(5)", nist-800-53r5/AC-3, nist-800-53r5/CM-6, pci-dss-4.0.1/7.3.3, nist-800-204b/APE-SR-3]
package meshvet.authorization.open_by_default

# a default for intentions alone that opens what ACLs close
reopened contains setting.at if {
	some mesh in input.meshes
	some setting in mesh.posture
	setting.name == "intention_default_reopened"
}

deny contains {
	"msg": "intentions have a default of their own that lets in every call no intention is about, although ACLs deny by default",
	"at": at,
	"severity": "critical",
} if {
	some at in reopened
}

deny contains finding if {
	some mesh in input.meshes
	some setting in mesh.posture
	setting.name == "intention_default"
	setting.value == "allow"
	not setting.at in reopened
	all := [one | some one in mesh.posture; one.name == "deny_all_intention"]
	finding := object.union({"at": setting.at}, judged(all))
}

judged([]) := {
	"msg": "every call in the mesh that no intention is about is let in",
	"severity": "high",
	"related": [],
}

judged(all) := {
	"msg": "the default lets in calls that no intention is about; an intention for everyone keeps them out, except from callers with permissions of their own",
	"severity": "low",
	"related": [{"at": one.at, "msg": "keeps everyone out"} | some one in array.slice(all, 0, 10)],
} if {
	count(all) > 0
}
