# METADATA
# title: Waypoint can be gone around
# description: |
#   A waypoint has rules for these services, but only clients in ambient mode that dial the service
#   pass it. Others (pods outside the mesh, pods with sidecars, gateways, and whoever dials the pod's
#   own address) get to the pod directly, and nothing there refuses them.
# related_resources:
# - https://istio.io/latest/docs/ambient/usage/waypoint/
# custom:
#   severity: high
#   precision: high
#   meshes: [istio]
#   remediation: |
#     Let the pods take calls of the waypoint only: an ALLOW AuthorizationPolicy with a selector and
#     `principals: [<trust domain>/ns/<namespace>/sa/<waypoint>]`, and mutual TLS required (STRICT).
#   controls:
#   - nist-800-53r5/AC-3
#   - nist-800-53r5/AC-4
#   - soc2-2017/CC6.1
#   params: {exempt_namespaces: []}
package meshvet.authorization.waypoint_bypass

import data.meshvet.lib.format
import data.meshvet.lib.ports

exempt := data.params.authorization.waypoint_bypass.exempt_namespaces

deny contains finding if {
	some before in input.before
	some way in ways
	open := ports.outside(before[way.field], exempt)
	finding := {
		"msg": sprintf("%s can call %s past the rules of %s", [
			way.who,
			format.some_of(ports.ids(open)),
			before.name,
		]),
		"at": before.at,
		"related": ports.related(open, "this port"),
	}
}

ways := [
	{"field": "passed_by_anyone", "who": "anyone who dials the pod, without any identity,"},
	{"field": "passed_by_mesh", "who": "every workload of the mesh that dials the pod"},
]
