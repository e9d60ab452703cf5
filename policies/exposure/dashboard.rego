# METADATA
# title: Dashboard of the mesh is open to the outside
# description: |
#   The dashboard asks nobody who they are, shows who calls whom, and by default may watch calls with
#   their headers. A way to it from outside the cluster that asks for no login is everyone's. One that
#   answers to any host can be reached by a page in the browser of someone who has it open.
#
#   A login is seen by the annotations of an Ingress and by the extensions of a route. Ingress objects
#   that only one controller knows are not looked at.
# related_resources:
# - https://linkerd.io/2/tasks/exposing-dashboard/
# custom:
#   severity: high
#   precision: medium
#   meshes: [linkerd]
#   remediation: |
#     Open it with `linkerd viz dashboard`, or put a login in front of it. Let
#     `dashboard.enforcedHostRegexp` name the one host it has, and set `dashboard.restrictPrivileges`.
#   controls:
#   - nist-800-53r5/AC-3
#   - pci-dss-4.0.1/1.4.2
#   - soc2-2017/CC6.6
#   - mitre-attack-containers/T1133
package meshvet.exposure.dashboard

ways := {
	"ingress": {"severity": "high", "what": "an Ingress leads to the mesh's dashboard, and asks for no login"},
	"internet": {"severity": "high", "what": "a load balancer leads to the mesh's dashboard, which asks for no login"},
	"network": {"severity": "medium", "what": "a load balancer inside the network leads to the mesh's dashboard, which asks for no login"},
	"node": {"severity": "high", "what": "every node leads to the mesh's dashboard, which asks for no login"},
	"route": {"severity": "high", "what": "a route from a gateway leads to the mesh's dashboard, and asks for no login"},
}

deny contains finding if {
	some mesh in input.meshes
	some setting in mesh.posture
	setting.name == "dashboard_exposed"
	way := ways[setting.value]
	finding := {"msg": way.what, "at": setting.at, "severity": way.severity}
}

deny contains finding if {
	some mesh in input.meshes
	some setting in mesh.posture
	setting.name == "dashboard_hosts"
	setting.value == "any"
	finding := {
		"msg": "the mesh's dashboard answers to any host, so a page in a browser can read it",
		"at": setting.at,
	}
}
