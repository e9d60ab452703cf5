# METADATA
# title: No access log is written
# description: |
#   Istio's proxies write no access log unless they are told to. Without one nobody can say later
#   who called what, and calls that an authorization policy refused leave no trace at all, since the
#   access log is the only place that shows them.
# related_resources:
# - https://istio.io/latest/docs/tasks/observability/logs/access-log/
# custom:
#   severity: high
#   precision: high
#   meshes: [istio]
#   remediation: |
#     Add a Telemetry to the root namespace (`istio-system`) with `accessLogging` and a provider,
#     such as the built-in `envoy`; and remove the line that switches the log off.
#   controls:
#   - nist-800-53r5/AU-2
#   - nist-800-53r5/AU-12
#   - pci-dss-4.0.1/10.2.1
#   - pci-dss-4.0.1/10.2.1.4
#   - hipaa-164.312/164.312(b)
#   - soc2-2017/CC7.2
package meshvet.access_log.disabled

import data.meshvet.lib.format

deny contains finding if {
	some group in input.access_logs
	group.state == "off"
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
	finding := {
		"msg": "the mesh writes no access log by its own settings, and no Telemetry for the whole mesh is in these files",
		"at": mesh.access_log.at,
		"severity": "medium",
	}
}

any_telemetry if {
	some policy in input.noted
	policy.scope == "mesh"
	count(policy.logs) > 0
}

# denied calls stand nowhere else
trail(group) := ", so denied calls leave no record" if {
	group.guarded
} else := ""

switch(group) := ": this line switches off what the rest of the mesh logs" if {
	endswith(group.at, "/disabled")
	is_on_elsewhere
} else := ""

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

surety(group) := {"severity": "high", "unless": ""} if {
	not group.assumed
} else := {"severity": "low", "unless": "; the mesh's settings, which may switch it on, are not in these files"} if {
	group.guarded
} else := {"severity": "info", "unless": ", unless the mesh's settings, which are not in these files, switch it on"}
