# Rights to change a mesh: in words, and how grave they are.
package meshvet.lib.rights

import data.meshvet.lib.format

words := {
	"admission": "the mesh's admission webhooks",
	"authorization": "who may call whom",
	"code": "what proxies run",
	"membership": "who is in the mesh",
	"routing": "where calls go",
	"settings": "the mesh's settings",
	"telemetry": "what is logged",
	"transport": "what is encrypted",
}

# `group dev and user ann`.
names(holders) := format.some_of(format.distinct([holder.name | some holder in holders]))

# `who may call whom and 3 more`.
parts(holders) := format.some_of(format.distinct([words[part] | some holder in holders; some part in holder.parts]))

# Where they hold.
extent(holders) := "across the mesh" if {
	some holder in holders
	holder.mesh_wide
} else := sprintf("in %s", [format.some_of(format.distinct([holder.scope | some holder in holders]))])

# What changes the whole mesh, what everyone may do, and what a workload may do to its own policy.
reaches_far(holder) if holder.mesh_wide

reaches_far(holder) if holder.class == "everyone"

reaches_far(holder) if {
	holder.class == "workload"
	is_grave(holder)
}

# Routes and logs open no door by themselves, and what shifts traffic needs the routes.
is_grave(holder) if count({part | some part in holder.parts} - {"admission", "routing", "telemetry"}) > 0

# An operator that keeps its own webhook is seldom limited to that.
is_grave(holder) if {
	"admission" in holder.parts
	holder.class in {"group", "user"}
}

# The worst of them decides.
severity(holders) := "critical" if {
	some holder in holders
	holder.class == "everyone"
} else := "high" if {
	some holder in holders
	holder.mesh_wide
	is_grave(holder)
} else := "medium"
