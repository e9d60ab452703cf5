# METADATA
# title: Refused calls leave no record
# description: |
#   The proxy writes into its own log whom it has refused, and whom a policy on trial would have. At
#   this level it does not: the log drops what the part of the proxy that decides has to say. Nobody
#   can see later who tried to get in.
# related_resources:
# - https://linkerd.io/2-edge/tasks/modifying-proxy-log-level/
# custom:
#   severity: high
#   precision: high
#   meshes: [linkerd]
#   remediation: |
#     Use a level that keeps messages of `linkerd_app_inbound`, such as the chart's
#     `warn,linkerd=info,hickory=error`; without blanks, which spoil what follows them. Parts are
#     matched by the beginning of their name: `linkerd2_proxy` is none of them.
#   controls:
#   - nist-800-53r5/AU-2
#   - nist-800-53r5/AU-12
#   - pci-dss-4.0.1/10.2.1.4
#   - hipaa-164.312/164.312(b)
package meshvet.access_log.refusals_not_logged

import data.meshvet.lib.proxies

deny contains finding if {
	some at, settings in proxies.written("decision_log")
	lost := [setting | some setting in settings; setting.value in {"off", "partial"}]
	finding := {
		"msg": sprintf("%s %s%s", [
			proxies.of(lost),
			proxies.verb(lost, "does not write whom it refuses", "do not write whom they refuse"),
			share(lost),
		]),
		"at": at,
		"severity": severity(lost),
	}
}

share(lost) := "" if {
	lost[0].value == "off"
} else := ", of connections or of requests"

# where a policy refuses anyone
severity(lost) := "high" if {
	some setting in lost
	setting.guarded
} else := "low"
