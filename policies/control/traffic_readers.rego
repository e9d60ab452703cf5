# METADATA
# title: Others than administrators may watch calls
# description: |
#   Linkerd's tap shows calls as they are made: who calls whom, with which paths and headers, tokens
#   among them. Whoever may `watch` the resources of `tap.linkerd.io` may ask for it.
#
#   Silent: administrators, Kubernetes itself, the extension's own accounts, and rights that end at a
#   namespace and are not everyone's. Only RBAC objects are looked at.
# related_resources:
# - https://linkerd.io/2/tasks/securing-linkerd-tap/
# custom:
#   severity: high
#   precision: high
#   meshes: [linkerd]
#   remediation: |
#     Bind a Role for the namespaces that a team runs instead of a ClusterRole, list API groups instead
#     of `*`, and annotate namespaces with sensitive traffic `viz.linkerd.io/disable-tap: "true"`.
#   controls:
#   - nist-800-53r5/AC-6
#   - pci-dss-4.0.1/7.2.2
#   - soc2-2017/CC6.3
#   params: {trusted_subjects: []}
package meshvet.control.traffic_readers

import data.meshvet.lib.format
import data.meshvet.lib.rights

params := data.params.control.traffic_readers

deny contains finding if {
	some grant in input.watchers
	holders := [holder | some holder in grant.holders; matters(holder)]
	finding := {
		"msg": sprintf("%s may watch calls %s", [rights.names(holders), extent(holders)]),
		"at": grant.at,
		"severity": severity(holders),
		"related": [{"at": holder.at, "msg": sprintf("%s, by %s", [holder.name, holder.role])} |
			some holder in array.slice(holders, 0, 10)
		],
	}
}

matters(holder) if {
	holder.class == "everyone"
	not holder.subject in params.trusted_subjects
}

matters(holder) if {
	holder.scope == null
	not holder.class in {"administrator", "control_plane", "everyone", "platform"}
	not holder.subject in params.trusted_subjects
}

extent(holders) := "everywhere" if {
	some holder in holders
	holder.scope == null
} else := sprintf("in %s", [format.some_of(format.distinct([holder.scope | some holder in holders]))])

severity(holders) := "high" if {
	some holder in holders
	holder.class == "everyone"
} else := "medium"
