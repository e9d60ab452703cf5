# METADATA
# title: Automatic mutual TLS is switched off
# description: |
#   With `enableAutoMtls: false` a client's proxy uses mutual TLS only towards hosts for which a
#   DestinationRule asks for it, and sends plaintext to all others. Servers that require mutual TLS
#   refuse those calls; all others take them without an identity.
# related_resources:
# - https://istio.io/latest/docs/ops/configuration/traffic-management/tls-configuration/#auto-mtls
# custom:
#   severity: high
#   precision: high
#   meshes: [istio]
#   remediation: |
#     Remove `enableAutoMtls`, which is on by default. If it has to stay, export a DestinationRule
#     for `*.local` with `tls: {mode: ISTIO_MUTUAL}` from the root namespace.
#   controls:
#   - nist-800-53r5/SC-8
#   - nist-800-204a/SM-DR6
#   - pci-dss-4.0.1/4.2.1
#   - hipaa-164.312/164.312(e)(1)
package meshvet.mtls.automatic_mtls_off

import data.meshvet.lib.format
import data.meshvet.lib.ports

deny contains finding if {
	some mesh in input.meshes
	not mesh.automatic_mtls.value
	calls := [call | some call in input.calls; call.at == mesh.automatic_mtls.at]
	called := [port | some call in calls; some port in call.ports]
	finding := {
		"msg": sprintf("automatic mutual TLS is off: calls to %s %s", [
			format.some_of(ports.ids(called)),
			concat(" or ", {outcome[call.outcome] | some call in calls}),
		]),
		"at": mesh.automatic_mtls.at,
		"related": ports.related(called, "called here"),
	}
}

# without services to call, whether DestinationRules make up for it cannot be seen
deny contains finding if {
	some mesh in input.meshes
	not mesh.automatic_mtls.value
	mesh.services == 0
	finding := {
		"msg": "automatic mutual TLS is off: clients send plaintext wherever no DestinationRule asks for mutual TLS; the services are not in these files",
		"at": mesh.automatic_mtls.at,
		"severity": "low",
	}
}

outcome := {
	"plaintext": "go out in plaintext",
	"refused": "are refused",
}
