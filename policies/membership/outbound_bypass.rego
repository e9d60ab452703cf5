# METADATA
# title: Container can call past the proxy
# description: |
#   The container runs as the user whose calls are not led to the proxy, or may change the network of
#   its pod and so take the redirection away. What it calls then goes out without mutual TLS, without
#   a line in a log, and past every rule about calls that leave the mesh.
# related_resources:
# - https://linkerd.io/2-edge/reference/iptables/
# - https://developer.hashicorp.com/consul/docs/k8s/annotations-and-labels
# custom:
#   severity: high
#   precision: high
#   meshes: [linkerd, consul]
#   remediation:
#     linkerd: |
#       Run the container as another user than the proxy's (2102, or `config.linkerd.io/proxy-uid`), not
#       privileged, and without the capability `NET_ADMIN`.
#     consul: |
#       Take the container's user out of `consul.hashicorp.com/transparent-proxy-exclude-uids`. Run it as
#       another user than the proxy's (5995) and its init container's (5996), not privileged, and without
#       the capability `NET_ADMIN`.
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

how(at) := "can call past the proxy: calls of its user are not led to it" if {
	endswith(at, "-exclude-uids")
} else := "can take away what leads calls to the proxy" if {
	not endswith(at, "/runAsUser")
	not endswith(at, "/runAsGroup")
} else := "can call past the proxy: calls of the proxy's own user are not led to it"
