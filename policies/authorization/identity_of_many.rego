# METADATA
# title: One identity that stands for many
# description: |
#   What calls through the gateway of another cluster arrives with the gateway's identity. A rule that
#   lets that one in lets in everyone over there who may call through it, and the identity that they
#   proved to the gateway is lost.
#
#   Consul without namespaces (those of Kubernetes are one to it, unless `enableConsulNamespaces` is on)
#   knows a service by its name alone: what `web` of production may do, `web` of every other namespace
#   may do too. And who comes in by one of its gateways is the gateway; that is told where it lets them
#   in to a path of administrators.
# related_resources:
# - https://linkerd.io/2/tasks/pod-to-pod-multicluster/
# - https://developer.hashicorp.com/consul/docs/connect/intentions
# custom:
#   severity: high
#   precision: medium
#   meshes: [linkerd, consul]
#   remediation:
#     linkerd: |
#       Where the networks of the clusters are flat, link the service with remote discovery
#       (`mirror.linkerd.io/exported: remote-discovery`), which keeps the identities, and name these.
#       Otherwise put what other clusters may call into a workload of its own.
#     consul: |
#       Give the services names of their own (the Service, the service account and the annotation
#       `consul.hashicorp.com/connect-service`), or use namespaces of Consul. Names that are one
#       service on purpose belong into the parameter `one_service`. For a gateway, deny the path
#       before the rest is allowed.
#   controls: [nist-800-53r5/AC-3, nist-800-53r5/AC-6, nist-800-53r5/IA-9]
#   params:
#     exempt_namespaces: []
#     one_service: []
#     sensitive_paths: [/admin, /actuator, /debug, /internal, /manage, /management, /console, /env]
package meshvet.authorization.identity_of_many

import data.meshvet.lib.authorization
import data.meshvet.lib.format

params := data.params.authorization.identity_of_many

deny contains finding if {
	some policy in authorization.applied
	policy.authorization.effect == "allow"
	not policy.namespace in params.exempt_namespaces
	some rule in policy.authorization.rules
	some field in authorization.fields(rule)
	not field.negated
	some value in field.values
	many := value.stands_for # not there where it stands for itself
	not value.text in params.one_service
	said := extent(rule, value)
	finding := {
		"msg": sprintf("this lets %s in to %s%s", [many, said, authorization.target(policy)]),
		"at": value.at,
		"severity": authorization.level(policy, "high"),
	}
}

extent(_, value) := "" if not value.outside

# what is public is let in by a gateway
extent(rule, value) := sprintf("%s on ", [format.some_of(sensitive)]) if {
	value.outside
	sensitive := authorization.below(authorization.paths(rule), params.sensitive_paths)
	count(sensitive) > 0
}
