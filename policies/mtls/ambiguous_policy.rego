# METADATA
# title: Two policies say different things about mutual TLS
# description: |
#   Of several PeerAuthentications of the same rank Istio takes the oldest and ignores the others.
#   Which one that is depends on the order in which they were created, which no file shows: after
#   the next reinstallation another one may be in force.
# related_resources:
# - https://istio.io/latest/docs/concepts/security/#peer-authentication
# custom:
#   severity: medium
#   precision: high
#   meshes: [istio]
#   remediation: |
#     Keep one PeerAuthentication without a selector for each namespace, and one for each set of
#     pods: merge the two, or make their selectors exclude each other.
#   controls:
#   - nist-800-53r5/CM-6
#   - pci-dss-4.0.1/2.2.6
package meshvet.mtls.ambiguous_policy

import data.meshvet.lib.format
import data.meshvet.lib.ports

# what the same rivals contest is one conflict, however many lines of the policy it touches; what
# nobody contests names no rival, and so gives no message
conflicts[rivals] contains group if {
	some group in input.acceptance
	rivals := concat(" ", group.rivals)
}

deny contains finding if {
	some groups in conflicts
	some first in [group | some group in groups]
	first.at == min({group.at | some group in groups})
	contested := sort({port.id | some group in groups; some port in group.ports})
	finding := {
		"msg": sprintf("what %s %s depends on which policy was created first: %s may be in force instead", [
			format.some_of(contested),
			format.choose(contested, "takes", "take"),
			format.some_of([format.object(rival) | some rival in first.rivals]),
		]),
		"at": first.at,
		"related": [{"at": rival, "msg": "says something else"} | some rival in array.slice(first.rivals, 0, 10)],
	}
}
