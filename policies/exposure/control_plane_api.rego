# METADATA
# title: API of the mesh is open to the outside
# description: |
#   Consul's API and its pages show who calls whom and change the mesh. Here they can be reached from
#   outside the cluster, or from outside the machine, in plaintext or without being asked who one is:
#   tokens can be read on the way, or are not needed at all.
#
#   Silent: Services inside the cluster, ways with TLS where ACLs are on, addresses that are filled in
#   when an agent starts. Ingress objects and firewalls are not looked at.
# related_resources:
# - https://developer.hashicorp.com/consul/docs/reference/agent/configuration-file/address
# - https://developer.hashicorp.com/consul/docs/reference/k8s/helm
# custom:
#   severity: high
#   precision: medium
#   meshes: [consul]
#   remediation: |
#     Leave the Service at `ClusterIP`, switch TLS with `httpsOnly` and ACLs on. Agents listen to
#     `127.0.0.1`, or offer HTTPS alone: `ports { http = -1 https = 8501 }`.
#   controls:
#   - nist-800-53r5/AC-3
#   - nist-800-53r5/SC-7
#   - pci-dss-4.0.1/1.4.2
#   - soc2-2017/CC6.6
#   - mitre-attack-containers/T1133
package meshvet.exposure.control_plane_api

import data.meshvet.lib.format

lacks := {
	"plaintext": "in plaintext",
	"without_acl": "without anyone being asked who they are",
}

# what is missing, by the line that lets callers in
open[setting.at] contains setting.value if {
	some mesh in input.meshes
	some setting in mesh.posture
	setting.name == "api_exposed"
}

deny contains finding if {
	some at, values in open
	finding := {
		"msg": sprintf("this lets outsiders reach Consul's API %s", [format.some_of([lacks[value] | some value in sort(values)])]),
		"at": at,
	}
}
