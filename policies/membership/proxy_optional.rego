# METADATA
# title: Callers may pass by the proxy
# description: |
#   Connections to these pods are not led through their proxy: it serves those who dial it, and the
#   application takes all others by itself, in plaintext. Whoever reaches the pod's address gets past
#   mutual TLS, intentions and the access log by dialling the application's port.
#
#   An application that listens for its own pod alone (127.0.0.1) is not reported where its arguments
#   or variables say so. Of what runs outside Kubernetes it is not known where it listens.
# related_resources:
# - https://developer.hashicorp.com/consul/docs/k8s/connect/transparent-proxy
# custom:
#   severity: high
#   precision: high
#   meshes: [consul]
#   remediation: |
#     Remove `consul.hashicorp.com/transparent-proxy: "false"` from the pod template or the Namespace
#     (`connectInject.transparentProxy.defaultEnabled: false` from the values of the chart). Where the
#     proxy cannot take all connections, let the application listen on 127.0.0.1 only; on machines,
#     set `mode = "transparent"` and redirect traffic, or close the port by a firewall.
#   controls:
#   - nist-800-53r5/SC-8
#   - nist-800-53r5/AC-3
#   - nist-800-204a/SM-DR6
#   - pci-dss-4.0.1/1.3.1
#   - mitre-attack-containers/T1562.001
#   params: {exempt_namespaces: []}
package meshvet.membership.proxy_optional

import data.meshvet.lib.format
import data.meshvet.lib.ports
import data.meshvet.lib.proxies

exempt := data.params.membership.proxy_optional.exempt_namespaces

deny contains finding if {
	some group in input.bypasses
	proxies.written("redirection")[group.at]
	open := [port |
		some port in ports.outside(group.ports, exempt)
		not port.id in closed
	]
	finding := {
		"msg": sprintf("%s %s calls past the proxy: no mutual TLS, intention or access log applies to them%s", [
			format.some_of(ports.ids(open)),
			format.choose(open, "takes", "take"),
			leading(group.services),
		]),
		"at": group.at,
		"related": ports.related(open, "this port"),
	}
}

deny contains finding if {
	some at, settings in proxies.written("redirection")
	settings[0].value == "node"
	some workload in settings[0].workloads
	not ports.namespace(workload) in exempt
	finding := {
		"msg": sprintf("whether callers may pass by %s depends on the address that the application listens on", [proxies.of(settings)]),
		"at": at,
		"severity": "info",
	}
}

# who does not share the pod's own network does not get there
closed := {setting.value | some setting in input.proxy_settings; setting.name == "bound_to_loopback"}

leading([]) := ""

leading(services) := sprintf("; Service %s leads there", [format.some_of(services)])
