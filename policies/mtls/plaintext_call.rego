# METADATA
# title: Calls inside the mesh go out in plaintext
# description: |
#   Both sides are in the mesh, and still this line makes the client send plaintext: in Istio a
#   DestinationRule or the label `security.istio.io/tlsMode`, elsewhere ports, addresses or users kept
#   from the client's proxy. The server sees a caller without an identity, and the traffic can be read and
#   changed on the wire.
# related_resources:
# - https://istio.io/latest/docs/ops/configuration/traffic-management/tls-configuration/
# - https://linkerd.io/2/features/protocol-detection/
# custom:
#   severity: high
#   precision: high
#   meshes: [istio, linkerd, consul]
#   remediation:
#     istio: |
#       Remove the setting, so that mutual TLS is used by itself, or make it `ISTIO_MUTUAL`. Then
#       require mutual TLS at the server, so that it shows when a client falls back.
#     linkerd: |
#       Take the port out of `config.linkerd.io/skip-outbound-ports`. Where the server speaks first,
#       list it in `config.linkerd.io/opaque-ports` instead, which keeps mutual TLS.
#     consul: |
#       Take the port, network or user out of the `consul.hashicorp.com/transparent-proxy-exclude-…`
#       annotation, and leave the transparent proxy on; without it, call the service by the local port of
#       an upstream. Then let the server take nothing but mutual TLS.
#   controls:
#   - nist-800-53r5/SC-8
#   - nist-800-53r5/IA-9
#   - nist-800-204/MS-SS-4
#   - nist-800-204a/SM-DR6
#   - pci-dss-4.0.1/4.2.1
#   - hipaa-164.312/164.312(e)(1)
#   - mitre-attack-containers/T1557
package meshvet.mtls.plaintext_call

import data.meshvet.lib.calls
import data.meshvet.lib.format
import data.meshvet.lib.ports

deny contains finding if {
	some call in input.calls
	call.outcome == "plaintext"
	not calls.is_hypothetical(call)
	not call.at in told_elsewhere
	is_sure(call)
	finding := {
		"msg": sprintf("calls to %s%s go out in plaintext although both sides are in the mesh", [
			format.some_of(ports.ids(call.ports)),
			calls.from(call),
		]),
		"at": call.at,
		"related": array.concat(
			[{"at": call.accepts_at, "msg": "this lets them in"}],
			ports.related(call.ports, "called here"),
		),
	}
}

# of the ways of a call one may be open that its first line does not decide
is_sure(call) if call.mesh != "consul"

is_sure(call) if {
	call.certain
	call.sends == "plaintext"
}

# the team that is called may write the rule and have no client among its files
deny contains finding if {
	some policy in input.noted
	policy.uncalled
	some sends in policy.sends
	sends.mode == "plaintext"
	not sends.subset
	finding := {
		"msg": sprintf("clients in the mesh, none of which is in these files, are told to call %s in plaintext", [policy.host]),
		"at": sends.at,
		"severity": "medium",
	}
}

# which calls go to a subset is for routes to say
deny contains finding if {
	some policy in input.noted
	policy.in_mesh
	some sends in policy.sends
	sends.mode == "plaintext"
	finding := {
		"msg": sprintf("clients in the mesh that are routed to subset %s of %s are told to send plaintext", [
			sends.subset,
			policy.host,
		]),
		"at": sends.at,
		"severity": "medium",
	}
}

# the servers that take plaintext only, and automatic mutual TLS, have rules of their own
told_elsewhere := {group.at | some group in input.acceptance; group.mode == "plaintext"} | {mesh.automatic_mtls.at | some mesh in input.meshes}
