# Words for messages: lists that stay short, singular and plural.
package meshvet.lib.format

# `a`; `a and b`; `a and 2 more`. Of no names there is nothing to say: a result whose message needs one
# is then none.
some_of(names) := names[0] if {
	count(names) == 1
} else := sprintf("%s and %s", names) if {
	count(names) == 2
} else := sprintf("%s and %d more", [names[0], count(names) - 1])

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
