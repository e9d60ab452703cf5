# METADATA
# title: Proxy answers a path to anyone
# description: |
#   `expose` opens a port of the proxy on which one path is led to the application: in plaintext, and
#   past intentions. That is meant for probes and metrics. Whoever reaches the pod or the node may
#   ask for the same, which of some paths shows or changes more than it should.
#
#   Of paths of probes, which are opened by themselves, only those are named that are for
#   administrators by their words.
# related_resources:
# - https://developer.hashicorp.com/consul/docs/connect/proxies/proxy-config-reference#expose-paths-configuration-reference
# custom:
#   severity: medium
#   precision: high
#   meshes: [consul]
#   remediation: |
#     Remove the path; probes over HTTP need none where the transparent proxy is on. Where others than
#     the kubelet ask for it (metrics), let them be in the mesh, or let a NetworkPolicy name who may
#     reach the port. Never expose `/`.
#   controls:
#   - nist-800-53r5/AC-3
#   - nist-800-53r5/SC-8
#   - nist-800-53r5/CM-7
#   - mitre-attack-containers/T1190
#   params:
#     exempt_namespaces: []
#     sensitive: [admin, actuator, config, console, debug, env, heapdump, internal, jolokia, management, pprof]
package meshvet.exposure.exposed_path

import data.meshvet.lib.format
import data.meshvet.lib.ports
import data.meshvet.lib.proxies

params := data.params.exposure.exposed_path

deny contains finding if {
	some at, settings in proxies.written("exposed_path")
	concerned(settings)
	path := settings[0].value
	finding := {
		"msg": sprintf("%s %s %s to anyone, in plaintext and past every intention%s", [
			proxies.of(settings),
			proxies.verb(settings, "answers", "answer"),
			path,
			why(path),
		]),
		"at": at,
		"severity": severity(path),
	}
}

# through a transparent proxy nobody gets there
deny contains finding if {
	some at, settings in proxies.written("unreachable_path")
	concerned(settings)
	not at in {setting.at | some setting in input.proxy_settings; setting.name == "exposed_path"}
	finding := {
		"msg": sprintf("%s %s to answer %s, and nobody gets there: connections to that port are led to the proxy as all others", [
			proxies.of(settings),
			proxies.verb(settings, "is told", "are told"),
			settings[0].value,
		]),
		"at": at,
		"severity": "low",
	}
}

# a probe that asks for more than health
deny contains finding if {
	some at, settings in proxies.written("exposed_probe")
	concerned(settings)
	path := settings[0].value
	is_sensitive(path)
	finding := {
		"msg": sprintf("%s %s %s to anyone, because a probe asks for it", [
			proxies.of(settings),
			proxies.verb(settings, "answers", "answer"),
			path,
		]),
		"at": at,
		"severity": "info",
	}
}

concerned(settings) if {
	some workload in settings[0].workloads
	not ports.namespace(workload) in params.exempt_namespaces
}

is_sensitive(path) if {
	some word in split(trim_left(lower(path), "/"), "/")
	word in params.sensitive
	not is_health(path)
}

# the usual paths for health lie below those for administrators
is_health(path) if regex.match(`(?i)/(health|healthz|live|liveness|livez|ready|readiness|readyz|ping|status)(/|$)`, path)

why(path) := "; it is the whole of what `/` shows" if {
	path == "/"
} else := "; by its words it is for administrators" if {
	is_sensitive(path)
} else := ""

severity(path) := "high" if {
	path == "/"
} else := "high" if {
	is_sensitive(path)
} else := "medium"
