# Words for messages: lists that stay short, singular and plural.
package meshvet.lib.format

# `a`; `a and b`; `a and 2 more`. Of no names there is nothing to say: a result whose message needs one
# is then none.
some_of(names) := listed(array.slice(names, 0, 2), count(names))

# The same of ports; there may be many.
some_ports(ports) := listed([port.id | some port in array.slice(ports, 0, 2)], count(ports))

listed(first, total) := first[0] if {
	total == 1
} else := sprintf("%s and %s", first) if {
	total == 2
} else := sprintf("%s and %d more", [first[0], total - 1]) if {
	total > 2
}

# `a`, `a or b`, `a or one of 3 more`: of several values of one field.
any_of(names) := names[0] if {
	count(names) == 1
} else := sprintf("%s or %s", [names[0], names[1]]) if {
	count(names) == 2
} else := sprintf("%s or one of %d more", [names[0], count(names) - 1])

# Each once, in the order in which they first occur.
distinct(names) := [name | some i, name in names; not name in array.slice(names, 0, i)]

# At most ten related places, each with its name and a word on it.
places(items, what) := [{"at": item.at, "msg": sprintf("%s %s", [item.id, what])} |
	some item in array.slice(items, 0, 10)
]

# The word for one thing, or the word for several.
choose(things, one, several) := one if {
	count(things) == 1
} else := several

# `1 port`, `2 ports`.
counted(number, one, several) := sprintf("1 %s", [one]) if {
	number == 1
} else := sprintf("%d %s", [number, several])

# `PeerAuthentication shop/default`: what an address names, without its field.
object(at) := sprintf("%s %s", [kind, name]) if {
	key := split(at, "#")[0]
	kind := split(split(key, "/")[0], ".")[0]
	name := substring(key, indexof(key, "/") + 1, -1)
}
