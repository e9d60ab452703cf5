# Ports as facts list them: `{"id": "namespace/name:port", "at": …}`.
package meshvet.lib.ports

# The namespace of a port or workload, by its id.
namespace(id) := split(id, "/")[0]

# Those that are not in any of these namespaces.
outside(ports, namespaces) := [port | some port in ports; not namespace(port.id) in namespaces]

# Their ids, each once: a workload that is defined twice has each port twice.
ids(ports) := sort({port.id | some port in ports})

# The first ten as related places.
related(ports, msg) := [{"at": port.at, "msg": msg} | some port in array.slice(ports, 0, 10)]
