# METADATA
# title: Pods start without a proxy while the injector is down
# description: |
#   The API server asks the mesh's webhooks before it stores an object. Told to ignore that nobody
#   answers, it stores the object as it is: pods start without a proxy, in plaintext and under no
#   policy, and policies that mean nothing are kept. Whoever can make the webhook slow for a moment
#   gets a pod outside the mesh.
#
#   Judged are the webhooks as they are registered, else what the chart's values say of them.
# related_resources:
# - https://linkerd.io/2/features/ha/
# - https://developer.hashicorp.com/consul/docs/reference/k8s/helm
# - https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#failure-policy
# custom:
#   severity: high
#   precision: high
#   meshes: [istio, linkerd, consul]
#   remediation: |
#     Set the failure policy to `Fail` (Linkerd: `webhookFailurePolicy: Fail`, as its values for high
#     availability do; Consul: `connectInject.failurePolicy: Fail`, its default), run more than one replica of the control plane, and exempt the namespaces
#     that it needs to start.
#   controls:
#   - nist-800-53r5/SC-24
#   - nist-800-53r5/CM-6
#   - mitre-attack-containers/T1610
package meshvet.control.admission_fails_open

import data.meshvet.lib.format

effects := {
	"injection_failure": "pods start without a proxy",
	"validation_failure": "policies are stored unchecked",
}

# what goes wrong, by the line that says so
lost[mesh.kind][setting.at] contains setting.name if {
	some mesh in input.meshes
	some setting in mesh.posture
	effects[setting.name]
	setting.value == "Ignore"
}

deny contains finding if {
	some kind, at
	names := lost[kind][at]
	finding := {
		"msg": sprintf("while the mesh's webhooks do not answer, %s%s", [
			format.some_of([effects[name] | some name in sort(names)]),
			unless_written(kind, at),
		]),
		"at": at,
	}
}

unless_written(kind, at) := "" if {
	some mesh in input.meshes
	mesh.kind == kind
	some setting in mesh.posture
	setting.at == at
	effects[setting.name]
	setting.configured
} else := "; that is so unless values say otherwise"
