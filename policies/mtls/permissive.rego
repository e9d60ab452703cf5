# METADATA
# title: Port accepts plaintext
# description: |
#   The proxy in front of this port takes connections without mutual TLS: callers are not proven
#   and traffic can be read on the wire.
# related_resources:
# - https://istio.io/latest/docs/concepts/security/#peer-authentication
# custom:
#   severity: high
#   precision: high
#   meshes: [istio, linkerd, consul]
#   remediation: Require mutual TLS at the place the finding points to.
#   controls: [pci-dss-4.0.1/4.2.1]
#   params: {exempt_namespaces: []}
package meshvet.mtls.permissive

deny contains finding if {
	some listener in input.listeners
	listener.tls.mode == "permissive"
	not listener.namespace in data.params.mtls.permissive.exempt_namespaces
	finding := {
		"msg": sprintf("%s port %d accepts plaintext", [listener.workload, listener.port]),
		"at": listener.tls.at,
		"related": [{"at": listener.at, "msg": "this port"}],
	}
}
