# METADATA
# title: Variable overrides what security rests on
# description: |
#   A variable that is given to the proxy besides counts before the one that the mesh sets: it may
#   open the default policy, turn to another identity or policy service, or silence the log, and no
#   policy and no annotation shows it. The proxy's admin port shows all of them to whoever may read
#   it.
# related_resources:
# - https://linkerd.io/2-edge/reference/proxy-configuration/
# custom:
#   severity: high
#   precision: high
#   meshes: [linkerd]
#   remediation: |
#     Remove the variable, and use the annotation or the value of the chart that is meant for it, such
#     as `config.linkerd.io/proxy-log-level`.
#   controls:
#   - nist-800-53r5/CM-6
#   - pci-dss-4.0.1/2.2.6
#   - mitre-attack-containers/T1562.001
package meshvet.control.proxy_environment

import data.meshvet.lib.format
import data.meshvet.lib.proxies

deny contains finding if {
	some at, settings in proxies.written("proxy_environment")
	variables := proxies.values(settings)
	finding := {
		"msg": sprintf("%s of %s %s what the mesh sets", [
			format.some_of(variables),
			proxies.of(settings),
			format.choose(variables, "overrides", "override"),
		]),
		"at": at,
	}
}
