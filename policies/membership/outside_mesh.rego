# METADATA
# title: Workload is outside the mesh
# description: |
#   A Service leads to pods that get no proxy (and, in Istio, are not in ambient mode). Nobody proves
#   to them who is calling, no authorization policy and no access log applies to them, and calls to
#   and from them travel as the application sends them. Next to workloads in the mesh that is easily
#   overlooked.
# related_resources:
# - https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/
# - https://linkerd.io/2-edge/features/proxy-injection/
# - https://developer.hashicorp.com/consul/docs/k8s/connect
# custom:
#   severity: medium
#   precision: high
#   meshes: [istio, linkerd, consul]
#   remediation:
#     istio: |
#       Label the Namespace `istio-injection: enabled` (or with the revision, `istio.io/rev`), and
#       remove `sidecar.istio.io/inject: "false"` from the pod template. A pod that started before that
#       has to be started anew. For ambient mode, label it `istio.io/dataplane-mode: ambient`, and
#       remove `istio.io/dataplane-mode: none` from the pod template.
#     linkerd: |
#       Annotate the Namespace `linkerd.io/inject: enabled`, and remove `linkerd.io/inject: disabled`
#       from the pod template. A pod that started before that has to be started anew.
#     consul: |
#       Annotate the pod template (`spec.template.metadata.annotations`)
#       `consul.hashicorp.com/connect-inject: "true"`, or set `connectInject.default: true` of the chart.
#       What keeps pods out on purpose belongs into the parameter `exempt_namespaces`.
#   controls:
#   - nist-800-53r5/SC-8
#   - nist-800-204/MS-SS-4
#   - mitre-attack-containers/T1562.001
#   params: {exempt_namespaces: [kube-system, cert-manager]}
package meshvet.membership.outside_mesh

import data.meshvet.lib.format

exempt := data.params.membership.outside_mesh.exempt_namespaces

# what shares the node's network can have no proxy, and seldom is an application
deny contains finding if {
	some group in input.outsiders
	not group.namespace in exempt
	not group.namespace in control_planes
	not endswith(group.at, "/hostNetwork")
	not group.of_mesh
	is_unexpected(group)
	served := [workload | some workload in group.served; not workload in asking]
	where := place(group)
	finding := {
		"msg": sprintf("%s %s outside the mesh%s: nothing there checks who calls, and no call is logged%s", [
			format.some_of(served),
			format.choose(served, "is", "are"),
			where.beside,
			idle(group),
		]),
		"at": group.at,
		"severity": where.severity,
	}
}

# a control plane has no sidecar
control_planes := {mesh.root_namespace.value | some mesh in input.meshes}

# what asks for a proxy and gets none has rules of its own: membership/label_without_injector and
# membership/request_without_effect
asking := {workload |
	some mesh in input.meshes
	some asked in mesh.unanswered
	some workload in asked.workloads
}

# someone wrote it
is_unexpected(group) if group.configured

# others of the namespace are in
is_unexpected(group) if group.meshed_beside > 0

# someone wrote a policy for it
is_unexpected(group) if group.policies

# a namespace that is kept out as a whole may well be meant so
place(group) := {"severity": severity(group, "low"), "beside": sprintf(", as is all of %s", [group.namespace])} if {
	startswith(group.at, "Namespace/")
	group.meshed_beside == 0
} else := {"severity": severity(group, "medium"), "beside": ""} if {
	group.meshed_beside == 0
} else := {"severity": severity(group, "medium"), "beside": sprintf(", unlike %s of %s", [
	format.counted(group.meshed_beside, "other workload", "other workloads"),
	group.namespace,
])}

severity(group, usual) := "high" if {
	group.named
} else := "medium" if {
	group.policies
} else := usual

idle(group) := sprintf("; %s %s nothing there", [
	format.some_of([format.object(policy) | some policy in group.policies]),
	format.choose(group.policies, "does", "do"),
]) if {
	group.policies
} else := ""
