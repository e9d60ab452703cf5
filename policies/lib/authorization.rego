# What rules about authorization policies have in common.
package meshvet.lib.authorization

import data.meshvet.lib.format

# Policies that are in force, and not only tried out; what comes with the mesh has its own.
enforced := [policy |
	some policy in input.noted
	policy.authorization.dry_run_at == null
	not policy.of_mesh
]

# Those of them that decide about a port whose calls are judged, or about a namespace or mesh whose
# workloads are not in the files.
applied := [policy |
	some policy in enforced
	is_applied(policy)
]

is_applied(policy) if count(policy.authorization.ports) > 0

# what gateways let in is for rules about ways from outside; what selects nobody is no namespace
is_applied(policy) if {
	policy.selects == 0
	policy.scope != "workload"
	policy.ineffective == null
	every proxy in proxies(policy) {
		proxy != "gateway"
	}
}

# The proxies of what it names.
proxies(policy) := {named.proxy | some named in object.get(policy, "targets", [])}

# Whom a policy is about.
target(policy) := format.some_of([named.name | some named in policy.targets]) if {
	policy.selects == 0
	count(policy.targets) > 0
} else := sprintf("whatever will run in namespace %s", [policy.namespace]) if {
	policy.selects == 0
	policy.scope == "namespace"
} else := "whatever will run in the mesh" if {
	policy.selects == 0
} else := sprintf("%s and %d more workloads", [policy.workloads[0], policy.selects - 1]) if {
	policy.selects > 2
} else := format.some_of(policy.workloads)

# How bad something is, where it may be that nobody is concerned yet.
level(policy, severity) := "low" if {
	policy.selects == 0
	not "waypoint" in proxies(policy)
} else := severity

# Every field of a rule.
fields(rule) := array.concat(inside(rule), rule.conditions)

inside(rule) := [field |
	some side in ["sources", "operations"]
	some alternative in rule[side]
	some field in alternative
]

# What a rule says of callers: any of these, each wholly.
who(rule) := [of(rule.conditions, callers)] if count(rule.sources) == 0

who(rule) := [array.concat(source, of(rule.conditions, callers)) | some source in rule.sources] if {
	count(rule.sources) > 0
}

# What it says of calls: likewise.
what(rule) := [of(rule.conditions, calls)] if count(rule.operations) == 0

what(rule) := [array.concat(operation, of(rule.conditions, calls)) |
	some operation in rule.operations
] if {
	count(rule.operations) > 0
}

of(conditions, dimensions) := [field | some field in conditions; field.dimension in dimensions]

calls := {"host", "method", "path", "port", "destination"}

callers := {"identity", "address", "client_address", "token", "header", "server_name", "other"}

# Whether one of the ways to name callers leaves out nobody.
names_nobody(rule) if {
	some alternative in who(rule)
	every field in alternative {
		is_open(field)
	}
}

# Whether a field leaves out nobody: an address may be any.
is_open(field) if {
	field.any
	not field.negated
	field.dimension in {"address", "client_address"}
}

# Whether a field has to hold, and not everyone meets it.
demands(field) if {
	not field.negated
	not is_open(field)
}

texts(field) := [value.text | some value in field.values]

# The ports of a list that a rule is about: its own ports are heeded, whatever else it says. There
# may be thousands of ports, and few different numbers.
concerned(policy, rule, ports) := ports if {
	numbers := heeded(policy, rule)
	count(numbers) == count(policy.authorization.ports)
} else := [port |
	numbers := heeded(policy, rule)
	some port in ports
	split(port.id, ":")[1] in numbers
]

heeded(policy, rule) := {number |
	some port in policy.authorization.ports
	number := sprintf("%d", [port])
	some alternative in what(rule)
	takes(alternative, number)
}

names_ports(rule) if {
	some field in fields(rule)
	field.dimension == "port"
}

takes(alternative, port) if {
	every field in alternative {
		takes_port(field, port)
	}
}

takes_port(field, _) if field.dimension != "port"

takes_port(field, port) if {
	not field.negated
	port in texts(field)
}

takes_port(field, port) if {
	field.negated
	not port in texts(field)
}

# What follows when a value never matches, and whether calls get through because of it.
never(policy, field) := listed[policy.authorization.effect] if not field.negated

never(policy, field) := excluded[policy.authorization.effect] if field.negated

listed := {
	"allow": {"opens": false, "text": "lets nobody in"},
	"deny": {"opens": true, "text": "refuses nobody"},
	"delegate": {"opens": true, "text": "has nobody checked"},
	"audit": {"opens": false, "text": "marks nothing"},
}

excluded := {
	"allow": {"opens": true, "text": "keeps nobody out"},
	"deny": {"opens": false, "text": "spares nobody"},
	"delegate": {"opens": false, "text": "spares nobody the check"},
	"audit": {"opens": false, "text": "spares nobody the mark"},
}

# How bad that is: worse where calls get through.
severity(outcome, opens, closes) := opens if {
	outcome.opens
} else := closes

# What a call has to be: `POST /admin`, `port 8080`.
in_words(call) := concat(" ", [words(field) |
	some dimension in ["method", "path", "host", "port", "destination"]
	some field in call
	field.dimension == dimension
])

words(field) := concat(" ", [word | some word in [prefix(field), format.any_of(texts(field))]; word != ""])

prefix(field) := sprintf("any %s but", [field.dimension]) if {
	field.negated
} else := "" if {
	field.dimension in {"method", "path"}
} else := field.dimension

# Whom the rules of a policy name, as the subject of a sentence.
whom(policy) := "every workload of the mesh" if {
	some field in identities(policy)
	field.any
} else := format.some_of(format.distinct([text | some field in identities(policy); some text in texts(field)]))

identities(policy) := [field |
	some rule in policy.authorization.rules
	some alternative in rule.sources
	some field in alternative
	field.dimension == "identity"
]

# The line that is to blame for what is lost, as related places.
blamed(lost, why) := [{"at": lost.by, "msg": why}] if {
	lost.by
} else := []

# The paths of a list that are the start of one of these, or below it.
below(paths, starts) := [path |
	some path in paths
	some start in starts
	is_below(path, start)
]

is_below(path, start) if trim_suffix(trim_suffix(path, "*"), "/") == start

is_below(path, start) if startswith(path, sprintf("%s/", [start]))

# The paths that a rule lists.
paths(rule) := [path |
	some call in rule.operations
	some field in call
	field.dimension == "path"
	not field.negated
	some path in texts(field)
]
