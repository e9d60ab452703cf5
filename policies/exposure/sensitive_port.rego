# METADATA
# title: Port for administrators takes calls without an identity
# description: |
#   By its name the port is for administrators or for finding faults: it shows memory and settings, or
#   changes them. Whoever reaches it can call it without proving who it is.
#
#   Ports without a name are not looked at, nor are paths.
# related_resources:
# - https://linkerd.io/2/features/server-policy/
# custom:
#   severity: high
#   precision: medium
#   meshes: [linkerd]
#   remediation: |
#     Write a Server for the port, and an AuthorizationPolicy with a MeshTLSAuthentication that names
#     who needs it. If it is for everyone on purpose, take its name out of the parameter `names`.
#   controls: [nist-800-53r5/AC-3, nist-800-53r5/CM-7, pci-dss-4.0.1/2.2.4, mitre-attack-containers/T1190]
#   params:
#     exempt_namespaces: []
#     names: [actuator, admin, admin-http, debug, http-admin, http-debug, http-management, jmx, management, pprof]
package meshvet.exposure.sensitive_port

import data.meshvet.lib.format
import data.meshvet.lib.ports

params := data.params.exposure.sensitive_port

deny contains finding if {
	some group in input.acceptance
	group.mesh == "linkerd"
	found := [port |
		some port in group.open_by_name # not there where there are none
		lower(port.name) in params.names
		not ports.namespace(port.id) in params.exempt_namespaces
	]
	finding := {
		"msg": sprintf("anyone may call %s (%s) without an identity", [
			format.some_of(ports.ids(found)),
			format.some_of(format.distinct([port.name | some port in found])),
		]),
		"at": group.at,
		"severity": {true: "high", false: "medium"}[group.certain],
		"related": ports.related(found, "this port"),
	}
}
