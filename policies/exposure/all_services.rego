# METADATA
# title: Gateway leads in to every service
# description: |
#   A listener of the ingress gateway names `*` as its service: every service of the mesh that speaks
#   its protocol is served there, those that are added later included. What is internal is one host
#   name away from the outside, and only intentions are left to refuse it, to whom all that comes
#   from the gateway is one caller.
# related_resources:
# - https://developer.hashicorp.com/consul/docs/connect/config-entries/ingress-gateway
# custom:
#   severity: critical
#   precision: high
#   meshes: [consul]
#   remediation: |
#     List the services that are meant to be public, each with its hosts.
#   controls:
#   - nist-800-53r5/AC-4
#   - nist-800-53r5/SC-7
#   - pci-dss-4.0.1/1.4.2
#   - mitre-attack-containers/T1190
package meshvet.exposure.all_services

deny contains finding if {
	some mesh in input.meshes
	some setting in mesh.posture
	setting.name == "ingress_for_all"
	sure := surety[setting.value]
	finding := {
		"msg": sprintf("this listener leads in to every service of the mesh that speaks its protocol%s", [sure.who]),
		"at": setting.at,
		"severity": sure.severity,
	}
}

surety := {
	"outside": {"severity": "critical", "who": ", and clients outside the cluster get there"},
	"unknown": {"severity": "high", "who": "; whether clients outside get there is not in these files"},
	"inside": {"severity": "high", "who": ", for whoever reaches the gateway inside the cluster"},
}
