# METADATA
# title: Container can call past the proxy
# description: |
#   The container runs as the user whose calls are not led to the proxy, or may change the network of
#   its pod and so take the redirection away. What it calls then goes out without mutual TLS, without
#   a line in a log, and past every rule about calls that leave the mesh.
# related_resources:
# - https://linkerd.io/2-edge/reference/iptables/
# custom:
#   severity: high
#   precision: high
#   meshes: [linkerd]
#   remediation: |
#     Run the container as another user than the proxy's (2102, or `config.linkerd.io/proxy-uid`), not
#     privileged, and without the capability `NET_ADMIN`.
#   controls:
#   - nist-800-53r5/SC-8
#   - nist-800-53r5/AC-4
#   - nist-800-53r5/AC-6
#   - mitre-attack-containers/T1562.001
package meshvet.membership.outbound_bypass

import data.meshvet.lib.format
import data.meshvet.lib.proxies

deny contains finding if {
	some at, settings in proxies.written("redirect_escape")
	containers := proxies.values(settings)
	finding := {
		"msg": sprintf("%s %s of %s %s", [
			format.choose(containers, "container", "containers"),
			format.some_of(containers),
			proxies.whose(settings),
			how(at),
		]),
		"at": at,
	}
}

how(at) := "can take away what leads calls to the proxy" if {
	not endswith(at, "/runAsUser")
	not endswith(at, "/runAsGroup")
} else := "can call past the proxy: calls of the proxy's own user are not led to it"
