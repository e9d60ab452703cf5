# METADATA
# title: Pods are asked into the mesh, and never start
# description: |
#   The injector refuses these pods, or the container that prepares their proxy waits for a service
#   that is never registered, or for an identity that the pod never gets. Who meets this in a hurry
#   takes the pods out of the mesh; and where older pods still run, they run with what was written
#   before.
# related_resources:
# - https://developer.hashicorp.com/consul/docs/k8s/connect
# custom:
#   severity: high
#   precision: high
#   meshes: [consul]
#   remediation: |
#     Give the pods a service account of the name of their service (with ACLs, that is their identity);
#     let exactly one Kubernetes Service select them, label the others
#     `consul.hashicorp.com/service-ignore: "true"`, or name one by the annotation
#     `consul.hashicorp.com/kubernetes-service`; and write `"true"` or `"false"` where a truth value
#     is asked for.
#   controls: [nist-800-53r5/CM-6, nist-800-53r5/IA-9]
#   params: {exempt_namespaces: []}
package meshvet.membership.never_starts

import data.meshvet.lib.format
import data.meshvet.lib.ports
import data.meshvet.lib.proxies

deny contains finding if {
	some at, settings in proxies.written("never_starts")
	setting := settings[0]
	not ports.namespace(setting.workloads[0]) in data.params.membership.never_starts.exempt_namespaces
	reason := reasons[setting.value]
	finding := {
		"msg": sprintf("%s never %s: %s", [
			proxies.whose(settings),
			proxies.verb(settings, "starts", "start"),
			reason.text,
		]),
		"at": at,
		"severity": reason.severity,
	}
}

reasons := {
	"annotation": {"severity": "high", "text": "the injector refuses pods with an annotation that is neither true nor false"},
	"account": {"severity": "high", "text": "the service account is not called like the service, so the proxy gets no identity"},
	"no_service": {"severity": "low", "text": "no Kubernetes Service in these files selects the pods, and without one they are registered as nothing"},
	"services": {"severity": "medium", "text": "several Kubernetes Services select the pods, and only one may"},
}
