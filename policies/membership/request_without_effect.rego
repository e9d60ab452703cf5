# METADATA
# title: Proxy is asked for, and none is added
# description: |
#   Somebody asks for a proxy, and the pods start without one: what asks is a label where only an
#   annotation counts, stands on an object that the injector does not look at, or has a value that it
#   does not know; or something else keeps the injector away. No mutual TLS, authorization policy or
#   access log applies to these pods, though the files say that they are in the mesh.
# related_resources:
# - https://linkerd.io/2-edge/features/proxy-injection/
# - https://developer.hashicorp.com/consul/docs/k8s/connect
# custom:
#   severity: high
#   precision: high
#   meshes: [linkerd, consul]
#   remediation:
#     linkerd: |
#       Ask with the annotation `linkerd.io/inject: enabled` on the Namespace or on the pod template
#       (`spec.template.metadata`), not with a label and not on the Deployment, the Service or the
#       ServiceAccount. The values are `enabled`, `ingress` and `disabled`, in lower case. Where
#       something is in the way, remove it: `hostNetwork`, the other proxy, the label that the
#       injector passes over; or stop asking.
#     consul: |
#       Ask with the annotation `consul.hashicorp.com/connect-inject: "true"` on the pod template
#       (`spec.template.metadata.annotations`): the injector looks at nothing else. Where the namespace
#       is left out, change `connectInject.k8sDenyNamespaces`, `k8sAllowNamespaces` or
#       `namespaceSelector` of the chart.
#   controls:
#   - nist-800-53r5/SC-8
#   - nist-800-53r5/CM-6
#   - nist-800-204/MS-SS-4
#   - mitre-attack-containers/T1562.001
#   params: {exempt_namespaces: [kube-system, cert-manager]}
package meshvet.membership.request_without_effect

import data.meshvet.lib.format

exempt := data.params.membership.request_without_effect.exempt_namespaces

requests := [asked |
	some mesh in input.meshes
	some asked in mesh.unanswered
	not asked.namespace in exempt
]

# it stands in the wrong place, or says what nobody knows
deny contains finding if {
	some asked in requests
	reason := wrong(asked)
	finding := {
		"msg": sprintf("%s: %s", [outcome(asked.workloads, asked.namespace), reason]),
		"at": asked.at,
		"severity": severity(asked.workloads),
	}
}

# something is in the way
deny contains finding if {
	some at in {asked.prevented_by.at | some asked in requests}
	prevented := [asked | some asked in requests; asked.prevented_by.at == at]
	workloads := sort({workload | some asked in prevented; some workload in asked.workloads})
	finding := {
		"msg": sprintf("%s although it is asked for: %s", [
			outcome(workloads, prevented[0].namespace),
			obstacles[prevented[0].prevented_by.what],
		]),
		"at": at,
		"severity": obstructed(prevented),
		"related": [{"at": asked.at, "msg": "this asks for one"} |
			some asked in array.slice(prevented, 0, 10)
		],
	}
}

outcome(workloads, namespace) := sprintf("%s %s no proxy", [
	format.some_of(workloads),
	format.choose(workloads, "gets", "get"),
]) if {
	count(workloads) > 0
} else := sprintf("what will run in namespace %s gets no proxy", [namespace])

wrong(asked) := sprintf("%s stands where no injector looks", [asked.label]) if {
	asked.why == "misplaced"
}

wrong(asked) := sprintf("no injector knows the value in %s%s", [asked.label, others(asked)]) if {
	asked.why == "invalid_value"
}

# at a namespace it counts before what pods say
others(asked) := ", and it voids what pods ask for themselves" if {
	startswith(asked.at, "Namespace/")
} else := ": write enabled or ingress"

obstacles := {
	"host_network": "pods that share the network of their node can have none",
	"other_proxy": "this container makes the injector leave the pods alone, and is no proxy that the mesh knows",
	"passed_over": "the injector passes over what has this",
	"namespace_left_out": "by this the injector leaves the namespace alone",
	"system_namespace": "the injector leaves the namespaces of the system alone",
	"injector_off": "by this no injector runs",
	"no_token": "without this token the proxy could not prove who it is",
}

severity(workloads) := "high" if {
	count(workloads) > 0
} else := "medium"

# an agent of the node asks for nothing by being in a namespace that does
obstructed(prevented) := "low" if {
	prevented[0].prevented_by.what == "host_network"
	every asked in prevented {
		startswith(asked.at, "Namespace/")
	}
} else := "high"
