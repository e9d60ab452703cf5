# METADATA
# title: Calls inside the mesh cannot succeed
# description: |
#   What the client's proxy is told to send is not what the server's proxy takes, so every such
#   call fails. The usual way out in a hurry is to switch mutual TLS off at the server for
#   everyone; the client's side is the one to repair.
# related_resources:
# - https://istio.io/latest/docs/ops/common-problems/network-issues/#503-errors-after-setting-destination-rule
# custom:
#   severity: high
#   precision: high
#   meshes: [istio, consul]
#   remediation:
#     istio: |
#       Remove the `tls` settings of the DestinationRule, or make them `ISTIO_MUTUAL`, and let clients
#       find out by themselves. Do not mix `DISABLE` for a namespace with `STRICT` for a workload.
#     consul: |
#       Take the port, network or user out of the `consul.hashicorp.com/transparent-proxy-exclude-…`
#       annotation of the client; only calls that its proxy sees get mutual TLS.
#   controls: [nist-800-53r5/CM-6]
package meshvet.mtls.refused_call

import data.meshvet.lib.calls
import data.meshvet.lib.format
import data.meshvet.lib.ports
import data.meshvet.lib.proxies

deny contains finding if {
	some call in input.calls
	call.outcome == "refused"
	not calls.is_hypothetical(call)
	not call.at in automatic
	is_sure(call)
	finding := {
		"msg": sprintf("calls to %s%s fail: %s", [
			format.some_of(ports.ids(call.ports)),
			calls.from(call),
			reason[call.sends],
		]),
		"at": call.at,
		"severity": severity(call),
		"related": array.concat(
			[{"at": call.accepts_at, "msg": "this decides what is taken"}],
			ports.related(call.ports, "called here"),
		),
	}
}

# what goes to the port of an upstream is refused by intentions at most; and without a transparent
# proxy calls are meant for such ports
is_sure(call) if call.mesh != "consul"

is_sure(call) if {
	call.certain
	call.sends == "plaintext"
	not call.at in optional
}

optional := {at | some at, _ in proxies.written("redirection")}

# what clients do by themselves is decided elsewhere: mtls/automatic_mtls_off, membership/skipped_port
automatic := {mesh.automatic_mtls.at | some mesh in input.meshes}

reason := {
	"plaintext": "the client sends plaintext, and mutual TLS is required",
	"tls": "the client sends TLS that is not the mesh's, and mutual TLS is required",
	"mtls": "the client sends mutual TLS, and only plaintext is taken",
}

# to loosen the server makes nothing worse where it takes plaintext already
severity(call) := "medium" if call.sends == "mtls"

severity(call) := "high" if call.sends != "mtls"
