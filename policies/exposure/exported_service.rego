# METADATA
# title: Service is offered to other clusters, and asks for nobody
# description: |
#   A label or an ExportedServices entry offers this Service to other clusters. Where a gateway calls
#   for them, they are one: the identity of the gateway, behind which anyone there may stand; else each
#   is who it is. Its ports let in callers from there whom no policy names.
#
#   In Consul a source `*` without a peer is nobody from there: to deny it keeps them out of nothing.
# related_resources:
# - https://linkerd.io/2/features/multicluster/
# - https://developer.hashicorp.com/consul/docs/connect/config-entries/exported-services
# custom:
#   severity: high
#   precision: high
#   meshes: [linkerd, consul]
#   remediation:
#     linkerd: |
#       Put a Server on the port with an AuthorizationPolicy that names who may call. To tell callers of
#       other clusters apart, offer the Service with `mirror.linkerd.io/exported: remote-discovery` or
#       as a federated one, which keep their identities; or remove the label.
#     consul: |
#       Write a ServiceIntentions for the service that names the peers, partitions or sameness groups of
#       its callers, and let the default refuse the rest (`global.acls.manageSystemACLs: true`, or
#       `default_intention_policy = "deny"`); or take the service out of ExportedServices.
#   controls:
#   - nist-800-53r5/AC-3
#   - nist-800-53r5/AC-4
#   - nist-800-204b/APR-1
#   - mitre-attack-containers/T1133
#   params: {exempt_namespaces: []}
package meshvet.exposure.exported_service

import data.meshvet.lib.format
import data.meshvet.lib.ports

exempt := data.params.exposure.exported_service.exempt_namespaces

deny contains finding if {
	some export in input.exports
	open := ports.outside(export.open, exempt)
	finding := {
		"msg": sprintf("%s may call %s: no policy there names its callers", [
			callers(export),
			format.some_of(ports.ids(open)),
		]),
		"at": export.at,
		"related": ports.related(open, "this port"),
	}
}

callers(export) := sprintf("every service of %s", [export.to]) if {
	export.to
} else := "everyone in the linked clusters, under the one identity of the gateway," if {
	export.as_one
} else := "everyone in the mesh of the linked clusters"
