# METADATA
# title: No access log is written
# description: |
#   Proxies write no access log unless they are told to. Without one nobody can say later who called
#   what. In Istio, calls that an authorization policy refused leave no trace at all, since the access
#   log is the only place that shows them; Linkerd's proxies write those to their own log.
# related_resources:
# - https://istio.io/latest/docs/tasks/observability/logs/access-log/
# - https://linkerd.io/2-edge/features/access-logging/
# - https://developer.hashicorp.com/consul/docs/observability/access-logs
# custom:
#   severity: high
#   precision: high
#   meshes: [istio, linkerd, consul]
#   remediation:
#     istio: |
#       Add a Telemetry to the root namespace (`istio-system`) with `accessLogging` and a provider,
#       such as the built-in `envoy`; and remove the line that switches the log off.
#     linkerd: |
#       Annotate the Namespace or the pod template `config.linkerd.io/access-log: json`, or set
#       `proxy.accessLog` of the chart.
#     consul: |
#       Set `accessLogs: {enabled: true}` in the ProxyDefaults called `global`: there is no other place,
#       and it counts for all proxies. Name a `jsonFormat` with `%DOWNSTREAM_PEER_URI_SAN%`, as the usual
#       one does not say who called.
#   controls:
#   - nist-800-53r5/AU-2
#   - nist-800-53r5/AU-12
#   - pci-dss-4.0.1/10.2.1
#   - pci-dss-4.0.1/10.2.1.4
#   - hipaa-164.312/164.312(b)
#   - soc2-2017/CC7.2
package meshvet.access_log.disabled

import data.meshvet.lib.format
import data.meshvet.lib.proxies

deny contains finding if {
	some group in input.access_logs
	group.state == "off"
	not is_slip(group)
	group.lacks != "streams"
	sure := surety(group)
	finding := {
		"msg": sprintf("%s %s no access log%s%s%s", [
			format.listed(array.slice(group.workloads, 0, 2), group.count),
			format.choose(group.workloads, "writes", "write"),
			switch(group),
			trail(group),
			sure.unless,
		]),
		"at": group.at,
		"severity": sure.severity,
	}
}

# the settings alone: a Telemetry for the whole mesh would switch the log on
deny contains finding if {
	count(input.access_logs) == 0
	some mesh in input.meshes
	mesh.settings_known
	mesh.access_log.state == "off"
	not any_telemetry
	not mesh.access_log.at in slips
	alone := unless(mesh)
	finding := {
		"msg": sprintf("the mesh writes no access log by its own settings%s", [alone.text]),
		"at": mesh.access_log.at,
		"severity": alone.severity,
	}
}

unless(mesh) := {"severity": "low", "text": "; annotations elsewhere may switch it on"} if {
	mesh.kind == "linkerd"
} else := {"severity": "medium", "text": ", and no ProxyDefaults is in these files"} if {
	mesh.kind == "consul"
} else := {"severity": "medium", "text": ", and no Telemetry for the whole mesh is in these files"}

# a value that no proxy knows has a rule of its own: access_log/request_without_effect
slips := {at | some at, _ in proxies.written("invalid_access_log")} | described

# nor has one that is described and not switched on
described := {sprintf("%s/enabled", [setting.at]) |
	some mesh in input.meshes
	some setting in mesh.posture
	setting.name == "access_log_not_enabled"
}

is_slip(group) if group.at in slips

any_telemetry if {
	some policy in input.noted
	policy.scope == "mesh"
	count(policy.logs) > 0
}

# denied calls stand nowhere else
trail(group) := "; the proxy's own log has those alone that are refused" if {
	group.guarded
	writes_refusals(group)
} else := ", so denied calls leave no record" if {
	group.guarded
} else := ""

writes_refusals(group) if group.mesh == "linkerd"

switch(group) := ": this line switches off what the rest of the mesh logs" if {
	is_switch(group.at)
	is_on_elsewhere
} else := ""

is_switch(at) if endswith(at, "/disabled")

is_switch(at) if endswith(at, "access-log")

is_on_elsewhere if {
	some mesh in input.meshes
	mesh.access_log.state == "on"
}

is_on_elsewhere if {
	some policy in input.noted
	policy.scope == "mesh"
	some entry in policy.logs
	not entry.disabled
}

surety(group) := {"severity": "medium", "unless": ""} if {
	not group.assumed
	writes_refusals(group)
} else := {"severity": "high", "unless": ""} if {
	not group.assumed
} else := {"severity": "low", "unless": "; the mesh's settings, which may switch it on, are not in these files"} if {
	group.guarded
	not writes_refusals(group)
} else := {"severity": "info", "unless": ", unless the mesh's settings, which are not in these files, switch it on"}
