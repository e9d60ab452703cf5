# METADATA
# title: Callers from a network pass by the proxy
# description: |
#   Calls from these addresses reach every port of the pods past their proxy: without mutual TLS,
#   without authorization and without a line in the access log, whatever policies say. Whoever has
#   such an address, or gets a node or a load balancer to put it in place of his own, is let in.
# related_resources:
# - https://linkerd.io/2-edge/reference/proxy-configuration/
# custom:
#   severity: critical
#   precision: high
#   meshes: [linkerd]
#   remediation: |
#     Remove `config.linkerd.io/skip-subnets` (`proxyInit.skipSubnets` of the chart). For probes and
#     health checks, allow their paths with a policy; if the proxy has to be passed by all the same,
#     name the addresses one by one.
#   controls:
#   - nist-800-53r5/SC-8
#   - nist-800-53r5/AC-3
#   - nist-800-204a/SM-DR6
#   - pci-dss-4.0.1/1.3.1
#   - mitre-attack-containers/T1562.001
package meshvet.membership.skipped_network

import data.meshvet.lib.format
import data.meshvet.lib.proxies

deny contains finding if {
	some at, settings in proxies.written("skipped_networks")
	reach := extents[settings[0].value]
	networks := proxies.values(proxies.written("skipped_network")[at])
	finding := {
		"msg": sprintf("calls from %s%s reach %s past the proxy: no mutual TLS, authorization or access log applies to them", [
			format.some_of(networks),
			reach.which,
			proxies.whose(settings),
		]),
		"at": at,
		"severity": reach.severity,
	}
}

extents := {
	"everything": {"severity": "critical", "which": " (everyone's)"},
	"cluster": {"severity": "critical", "which": " (the cluster's own)"},
	"some": {"severity": "high", "which": ""},
	"few": {"severity": "medium", "which": ""},
}
