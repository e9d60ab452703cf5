# METADATA
# title: The control plane does not encrypt, or does not check who is there
# description: |
#   Over these connections proxies get the private keys of their identities and the policies they
#   enforce, and agents send their tokens. Without TLS all of that can be read and changed on the way.
#   With TLS that does not check the other side, someone else can answer in its place or be taken for
#   a server.
#
#   Silent: agents that listen to their own machine only, servers that are not in these files, and
#   `verify_incoming = false` for gRPC, where proxies prove themselves by tokens.
# related_resources:
# - https://developer.hashicorp.com/consul/docs/secure/encryption
# - https://developer.hashicorp.com/consul/docs/reference/agent/configuration-file/tls
# custom:
#   severity: critical
#   precision: high
#   meshes: [consul]
#   remediation: |
#     Set `global.tls.enabled: true` and leave `verify` and `httpsOnly` true (chart); for agents give
#     `tls.defaults` a `ca_file`, a certificate and a key, and set `verify_incoming`, `verify_outgoing` and
#     `internal_rpc.verify_server_hostname`.
#   controls:
#   - nist-800-53r5/SC-8
#   - nist-800-53r5/SC-12
#   - nist-800-53r5/IA-3
#   - pci-dss-4.0.1/4.2.1
#   - hipaa-164.312/164.312(e)(1)
#   - mitre-attack-containers/T1557
package meshvet.control.plaintext_control_plane

import data.meshvet.lib.format

deny contains finding if {
	some mesh in input.meshes
	some setting in mesh.posture
	setting.name == "control_plane_tls"
	setting.value == "off"
	finding := {
		"msg": "servers speak without TLS: private keys of identities and tokens cross the network in plaintext",
		"at": setting.at,
	}
}

# what is not checked, by the line that says so
unverified[setting.at] contains setting.value if {
	some mesh in input.meshes
	some setting in mesh.posture
	setting.name == "control_plane_tls_unverified"
}

losses := {
	"verify_incoming": "whoever connects is taken for an agent or a server",
	"verify_outgoing": "nobody checks who answers as a server",
	"verify_server_hostname": "any agent can answer as a server",
}

deny contains finding if {
	some at, checks in unverified
	finding := {
		"msg": sprintf("servers speak TLS, but %s", [format.some_of([losses[check] | some check in sort(checks)])]),
		"at": at,
		"severity": "high",
	}
}
