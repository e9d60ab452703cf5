# METADATA
# title: Trust anchor of the mesh ends
# description: |
#   Proxies trust whoever a trust anchor vouches for. When the last one ends, no proxy trusts another
#   any more, and every call between workloads of the mesh fails. Replacing it takes a restart of
#   everything, so it wants time. One that holds for many years stays trusted as long when its key is
#   stolen.
#
#   A run looks at no clock: the day of judgement is the parameter `today`, at first the day on which
#   this rule was written. What had ended by then has ended for sure. Set it to the day of the run to
#   see what ends soon. Only certificates that stand in files are judged.
# related_resources:
# - https://linkerd.io/2/tasks/manually-rotating-control-plane-tls-credentials/
# custom:
#   severity: critical
#   precision: high
#   meshes: [linkerd]
#   remediation: |
#     Make a new trust anchor, let the mesh trust both, issue identities from the new one, restart the
#     workloads, and then remove the old one. Let cert-manager and trust-manager do so from now on.
#   controls:
#   - nist-800-53r5/SC-12
#   - nist-800-53r5/SC-17
#   - soc2-2017/CC6.1
#   params: {today: 2026-11-20, days_left: 60, longest_days: 3660}
package meshvet.control.trust_anchor

import data.meshvet.lib.date

params := data.params.control.trust_anchor

# the times that the anchors of one place hold for
anchors[setting.at] contains split(setting.value, "/") if {
	some mesh in input.meshes
	some setting in mesh.posture
	setting.name == "trust_anchor"
}

# while one is replaced, there are two: the last counts
deny contains finding if {
	some at, times in anchors
	last := max({time[1] | some time in times})
	fault := ends(last, date.between(params.today, last))
	finding := object.union({"at": at}, fault)
}

deny contains finding if {
	some at, times in anchors
	last := max({time[1] | some time in times})
	not ends(last, date.between(params.today, last))
	longest := max({date.between(time[0], time[1]) | some time in times})
	longest > params.longest_days
	finding := {
		"msg": sprintf("a trust anchor holds for %d years, and stays trusted as long if its key is stolen", [floor(longest / 365)]),
		"at": at,
		"severity": "medium",
	}
}

ends(last, left) := {"severity": "critical", "msg": msg} if {
	left < 0
	msg := sprintf("the last trust anchor ended on %s: no proxy trusts another", [substring(last, 0, 10)])
} else := {"severity": "high", "msg": msg} if {
	left < params.days_left
	msg := sprintf("the last trust anchor ends on %s, and calls in the mesh with it", [substring(last, 0, 10)])
}
