# METADATA
# title: Calls out are kept from the proxy
# description: |
#   Calls to these ports or addresses do not pass the proxy: they go out as the application sends
#   them, past every rule about where workloads may call, and leave no line in a log. What is meant
#   for one server is seldom only that: a port is that of every host, and a network holds others.
#
#   Calls to services of the mesh that fail or go out in plaintext because of such a line are named
#   by `mtls/refused_call` and `mtls/plaintext_call`; containers that run as an excluded user by
#   `membership/outbound_bypass`.
# related_resources:
# - https://developer.hashicorp.com/consul/docs/k8s/annotations-and-labels
# custom:
#   severity: medium
#   precision: high
#   meshes: [consul]
#   remediation: |
#     Remove the annotation, and reach what is outside the mesh by a terminating gateway or a
#     ServiceDefaults with a `destination`. What stays excluded belongs into a NetworkPolicy; networks
#     that are known and wanted, into the parameter `networks`.
#   controls:
#   - nist-800-53r5/SC-7
#   - nist-800-53r5/AC-4
#   - mitre-attack-containers/T1041
#   params: {exempt_namespaces: [], networks: [169.254.169.254/32, 169.254.169.254, 169.254.20.10/32]}
package meshvet.membership.skipped_outbound

import data.meshvet.lib.format
import data.meshvet.lib.ports
import data.meshvet.lib.proxies

params := data.params.membership.skipped_outbound

whole := {"0.0.0.0/0", "::/0"}

deny contains finding if {
	some at, settings in proxies.written("skipped_outbound_network")
	networks := [network |
		some network in format.distinct(proxies.values(settings))
		not network in params.networks
	]
	concerns(settings)
	finding := {
		"msg": sprintf("calls of %s to %s%s pass by the proxy: no rule about calls out applies, and none is logged", [
			proxies.whose(settings),
			format.some_of(networks),
			everywhere(networks),
		]),
		"at": at,
		"severity": severity(networks),
	}
}

deny contains finding if {
	some at, settings in proxies.written("skipped_outbound_port")
	concerns(settings)
	not at in told_elsewhere
	finding := {
		"msg": sprintf("calls of %s to %s %s of any host pass by the proxy: no rule about calls out applies, and none is logged", [
			proxies.whose(settings),
			format.choose(settings, "port", "ports"),
			format.some_of(format.distinct(proxies.values(settings))),
		]),
		"at": at,
	}
}

# a container may run as this user by its image
deny contains finding if {
	some at, settings in proxies.written("skipped_user")
	concerns(settings)
	finding := {
		"msg": sprintf("whatever runs as user %s in %s calls past the proxy; whether a container does is not in these files", [
			format.some_of(format.distinct(proxies.values(settings))),
			proxies.whose(settings),
		]),
		"at": at,
		"severity": "low",
	}
}

concerns(settings) if {
	some workload in settings[0].workloads
	not ports.namespace(workload) in params.exempt_namespaces
}

# mtls/plaintext_call and mtls/refused_call
told_elsewhere := {call.at |
	some call in input.calls
	call.certain
}

everywhere(networks) := " (everywhere)" if {
	severity(networks) == "high"
} else := ""

severity(networks) := "high" if {
	some network in networks
	network in whole
} else := "medium"
