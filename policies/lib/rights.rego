# Rights to change a mesh, in words.
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
