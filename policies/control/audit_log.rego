# METADATA
# title: Changes by the mesh's own API leave no record
# description: |
#   Consul's API changes intentions, tokens and services, and only its audit log says who called it. It
#   is a part of the enterprise edition, and needs ACLs, a sink and a rotation of its files: a block that
#   lacks one of them looks like a record and is none.
#
#   In Kubernetes changes of objects reach Consul by one account, whoever made them: the audit log of
#   the API server and the repository say who it was, with either edition. Silent: servers that are not
#   in these files, and images of which nobody can tell the edition.
# related_resources:
# - https://developer.hashicorp.com/consul/docs/monitor/log/audit
# - https://developer.hashicorp.com/consul/docs/reference/agent/configuration-file/log
# custom:
#   severity: high
#   precision: high
#   meshes: [consul]
#   remediation: |
#     Set `server.auditLogs` (chart) or an `audit` block on every agent, with a `file` sink, `rotate_duration` or
#     `rotate_bytes`, and a volume that outlives the pod. With the community edition keep the audit log
#     of the Kubernetes API server, and remove the block that does nothing.
#   controls:
#   - nist-800-53r5/AU-2
#   - nist-800-53r5/AU-12
#   - nist-800-53r5/CM-5
#   - pci-dss-4.0.1/10.2.1
#   - hipaa-164.312/164.312(b)
#   - soc2-2017/CC7.2
package meshvet.control.audit_log

reasons := {
	"acl_off": "it needs ACLs, and they are off",
	"community": "only the enterprise edition writes it, and nothing here shows that one",
	"disabled": "it has a sink and is not enabled",
	"no_rotation": "no sink has `rotate_duration` or `rotate_bytes`",
	"no_sink": "it has no sink",
}

void[mesh.kind] contains setting if {
	some mesh in input.meshes
	some setting in mesh.posture
	setting.name == "audit_without_effect"
}

deny contains finding if {
	some setting in void[_]
	finding := {
		"msg": sprintf("the audit log that is configured here is not written: %s", [reasons[setting.value]]),
		"at": setting.at,
	}
}

deny contains finding if {
	some mesh in input.meshes
	not void[mesh.kind]
	mesh.audit_log.state == "off"
	some setting in mesh.posture
	setting.name == "edition"
	finding := object.union({"at": mesh.audit_log.at}, missing[setting.value])
}

missing := {
	"community": {
		"msg": "calls of Consul's API are not recorded, as the community edition cannot; what the Kubernetes API server and the repository record is all there is",
		"severity": "info",
	},
	"enterprise": {"msg": "calls of Consul's API are not recorded, although this edition can", "severity": "high"},
}
