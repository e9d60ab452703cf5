# METADATA
# title: Others than administrators may change mesh policy
# description: |
#   Whoever may write these objects decides who calls whom, what is encrypted and what is logged, for
#   the whole mesh: by a ClusterRoleBinding, or by a RoleBinding in the namespace whose policies count
#   for all. A workload with such rights takes its own fetters off when it is broken into, even where
#   they end at its namespace.
#
#   Silent: administrators (users and groups that may do everything), Kubernetes itself, the mesh's
#   control plane, rights that end at a namespace and belong to no workload, rights to objects of
#   certain names. Only RBAC objects are looked at: a cloud may grant more, an admission policy may
#   take some away.
# related_resources:
# - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
# - https://istio.io/latest/docs/ops/best-practices/security/
# - https://linkerd.io/2/features/server-policy/
# - https://developer.hashicorp.com/consul/docs/k8s/crds
# custom:
#   severity: high
#   precision: medium
#   meshes: [istio, linkerd, consul]
#   remediation: |
#     Bind a Role in the namespaces that need it instead of a ClusterRole everywhere, list kinds and
#     verbs instead of `*`, and leave the namespaces of the control plane and of mesh-wide policies to
#     the pipeline that applies reviewed changes. That pipeline and operators you trust belong into
#     `trusted_subjects`.
#   controls:
#   - nist-800-53r5/AC-6
#   - nist-800-53r5/CM-5
#   - pci-dss-4.0.1/7.2.2
#   - mitre-attack-containers/T1562.001
#   params:
#     trusted_namespaces: [kube-system]
#     trusted_subjects:
#     - argocd/argocd-application-controller
#     - argocd/argocd-server
#     - cert-manager/cert-manager
#     - cert-manager/cert-manager-cainjector
#     - flux-system/helm-controller
#     - flux-system/kustomize-controller
package meshvet.control.policy_writers

import data.meshvet.lib.format
import data.meshvet.lib.rights

params := data.params.control.policy_writers

deny contains finding if {
	some grant in input.grants
	holders := [holder | some holder in grant.holders; matters(holder)]
	finding := {
		"msg": sprintf("%s may change %s %s", [rights.names(holders), rights.parts(holders), rights.extent(holders)]),
		"at": grant.at,
		"severity": rights.severity(holders),
		"related": [{"at": holder.at, "msg": sprintf("%s, by %s", [holder.name, holder.role])} |
			some holder in array.slice(holders, 0, 10)
		],
	}
}

# all that could be told apart may have it, and there are more
deny contains finding if {
	some grant in input.grants
	grant.unseen > 0
	every holder in grant.holders {
		not matters(holder)
	}
	finding := {
		"msg": sprintf("%s may change what is in force, more than are looked at one by one", [
			format.counted(grant.unseen, "other holder of this right", "other holders of this right"),
		]),
		"at": grant.at,
		"severity": "medium",
	}
}

matters(holder) if {
	not holder.class in {"administrator", "control_plane", "platform"}
	not holder.namespace in params.trusted_namespaces
	not holder.subject in params.trusted_subjects
	rights.reaches_far(holder)
}
