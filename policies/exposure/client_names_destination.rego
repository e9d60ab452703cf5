# METADATA
# title: Clients may say where an ingress sends their requests
# description: |
#   In ingress mode a proxy sends each request to the host that it names, in the header
#   `l5d-dst-override` or else as its own host, and proves to be the ingress. Where the ingress does
#   not set that header itself, a client outside may set it, and reach any service of the mesh with
#   the identity of the ingress.
# related_resources:
# - https://linkerd.io/2-edge/tasks/using-ingress/
# custom:
#   severity: high
#   precision: medium
#   meshes: [linkerd]
#   remediation: |
#     Use `linkerd.io/inject: enabled`, if the ingress can send requests to Services itself. Otherwise
#     let it set `l5d-dst-override` on every route (for nginx:
#     `proxy_set_header l5d-dst-override $service_name.$namespace.svc.cluster.local:$service_port;`),
#     and ask for ingress mode on its pod template alone.
#   controls:
#   - nist-800-53r5/AC-4
#   - nist-800-53r5/SC-7
#   - mitre-attack-containers/T1190
package meshvet.exposure.client_names_destination

import data.meshvet.lib.proxies

# `named`: the input shows who sets the header
deny contains finding if {
	some at, settings in proxies.written("ingress_mode")
	kinds := {setting.value | some setting in settings} - {"named"}
	worst := [kind | some kind in ["own", "exposed", "inherited"]; kind in kinds][0]
	concerned := [setting | some setting in settings; setting.value == worst]
	finding := {
		"msg": sprintf("%s %s requests where a header says%s", [
			proxies.whose(concerned),
			proxies.verb(concerned, "sends", "send"),
			words[worst],
		]),
		"at": at,
		"severity": severities[worst],
	}
}

words := {
	"own": " that any client may set: nothing in these files sets l5d-dst-override",
	"exposed": " that any client may set: nothing in these files sets l5d-dst-override",
	"inherited": ", as all of the namespace does, though nothing shows an ingress",
}

severities := {"own": "high", "exposed": "high", "inherited": "low"}
