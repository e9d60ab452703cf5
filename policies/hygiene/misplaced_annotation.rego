# METADATA
# title: Annotation stands where nobody looks
# description: |
#   This setting of a proxy counts on pods alone. On the Deployment, the Namespace or the Service, or
#   among labels, it changes nothing: a port that is to be excluded is not, an upstream is not there,
#   and a service is called otherwise than its intentions say.
# related_resources:
# - https://developer.hashicorp.com/consul/docs/k8s/annotations-and-labels
# custom:
#   severity: medium
#   precision: very-high
#   meshes: [consul]
#   remediation: |
#     Move it to the annotations of the pod template (`spec.template.metadata.annotations`). On a
#     Namespace only `consul.hashicorp.com/transparent-proxy` and `consul.hashicorp.com/consul-dns`
#     count, as labels.
#   controls: [nist-800-53r5/CM-6]
package meshvet.hygiene.misplaced_annotation

import data.meshvet.lib.proxies

deny contains finding if {
	some at, settings in proxies.written("misplaced_annotation")
	finding := {
		"msg": sprintf("%s changes nothing for %s: it counts among the annotations of pods alone", [
			settings[0].value,
			proxies.whose(settings),
		]),
		"at": at,
	}
}
