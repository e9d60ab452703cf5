# METADATA
# title: Proxy configuration is written by hand
# description: |
#   This field puts a piece of Envoy's configuration in the place of what Consul makes. What stands in
#   it is not known to Consul, and so to nobody who reads intentions: a listener of one's own asks who
#   calls only as far as Consul can work its filters in, and says nothing where it cannot.
# related_resources:
# - https://developer.hashicorp.com/consul/docs/connect/proxies/envoy#escape-hatch-overrides
# custom:
#   severity: high
#   precision: very-high
#   meshes: [consul]
#   remediation: |
#     Remove the field, and use what Consul has for the purpose: limits, timeouts and protocol of
#     ServiceDefaults, routes, `accessLogs`, or an extension (`envoyExtensions`).
#   controls:
#   - nist-800-53r5/CM-6
#   - pci-dss-4.0.1/2.2.6
#   - mitre-attack-containers/T1562.001
package meshvet.control.proxy_configuration

import data.meshvet.lib.format
import data.meshvet.lib.proxies

deny contains finding if {
	some at, settings in proxies.written("raw_configuration")
	fields := format.distinct(proxies.values(settings))
	worst := weight(fields)
	finding := {
		"msg": sprintf("%s %s a part of %s by hand%s", [
			format.some_of(fields),
			format.choose(fields, "writes", "write"),
			proxies.of(settings),
			worst.what,
		]),
		"at": at,
		"severity": worst.severity,
	}
}

# what stands before the application, and so decides who gets there
inbound := {
	"envoy_bootstrap_json_tpl",
	"envoy_extra_static_listeners_json",
	"envoy_public_listener_json",
}

weight(fields) := {"severity": "high", "what": ", where it may take calls and ask nobody who calls"} if {
	some field in fields
	field in inbound
} else := {"severity": "low", "what": "; a cluster leads no calls by itself"} if {
	every field in fields {
		field == "envoy_extra_static_clusters_json"
	}
} else := {"severity": "medium", "what": ", and what it says is not looked at"}
