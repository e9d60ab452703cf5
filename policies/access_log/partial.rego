# METADATA
# title: Access log leaves calls out
# description: |
#   A filter, or a mode that covers one direction only, keeps calls out of the access log. What is
#   left out is missing when someone has to find out later who called what; a filter for server
#   errors also drops the calls that a policy refused. In ambient mode the node's proxy writes about
#   connections only; what was asked for, and what the answer was, only a waypoint sees. Linkerd's
#   proxies write about requests only: of a port that they read as a stream of bytes there is no line.
# related_resources:
# - https://istio.io/latest/docs/reference/config/telemetry/#AccessLogging-Filter
# - https://linkerd.io/2-edge/features/access-logging/
# custom:
#   severity: medium
#   precision: high
#   meshes: [istio, linkerd]
#   remediation:
#     istio: |
#       Remove the filter or the mode. To write less, let the filter keep at least
#       `response.code >= 400`, or log everything to a second provider. In ambient mode, put a waypoint
#       in front of the service, and switch its log on.
#     linkerd: |
#       Take ports that speak HTTP out of `config.linkerd.io/opaque-ports`, and let their Server name no
#       protocol or an HTTP one. For what does not speak HTTP, collect the proxy's metrics of
#       connections (`inbound_tcp_authz_allow_total`), which name the caller.
#   controls:
#   - nist-800-53r5/AU-2
#   - nist-800-53r5/AU-12
#   - pci-dss-4.0.1/10.2.1
#   - hipaa-164.312/164.312(b)
package meshvet.access_log.partial

import data.meshvet.lib.format

# filters by where they are written
filters[filter.at] := filter.text if {
	some policy in input.noted
	some entry in policy.logs
	filter := entry.filter
	filter != null
}

deny contains finding if {
	some group in input.access_logs
	is_partial(group)
	lost := loss(group)
	finding := {
		"msg": sprintf("%s %s only a part of the calls: %s", [
			format.listed(array.slice(group.workloads, 0, 2), group.count),
			format.choose(group.workloads, "logs", "log"),
			lost.what,
		]),
		"at": group.at,
		"severity": lost.severity,
	}
}

# a refused call is answered with 401 or 403
is_partial(group) if group.state == "partial"

# connections are written, and what is asked on them is not
is_partial(group) if group.lacks == "requests"

loss(group) := {"severity": "high", "what": "refused calls are left out"} if {
	bound := regex.find_all_string_submatch_n(`^ *response\.code *(>=?) *([0-9]+) *$`, filters[group.at], 1)
	to_number(bound[0][2]) + beyond[bound[0][1]] > 401
} else := {"severity": "medium", "what": "those that the filter takes"} if {
	group.lacks == "filtered"
} else := {"severity": "medium", "what": "those on ports that this has read as streams of bytes leave no line"} if {
	group.lacks == "streams"
} else := {"severity": "medium", "what": "those that fail"} if {
	group.lacks == "successes"
} else := {"severity": "low", "what": "ztunnel writes a line for each connection, without methods, paths and status codes"} if {
	group.lacks == "requests"
} else := {"severity": "low", "what": "those of one direction, unless the mesh's settings, which are not in these files, cover the other"} if {
	group.assumed
} else := {"severity": "medium", "what": "those of one direction only"}

# the lowest code that such a filter keeps, counted from its number
beyond := {">": 1, ">=": 0}
