//! The names by which a VirtualService says where it counts.

/// What `gateways` calls the sidecars.
pub const MESH: &str = "mesh";

/// Whether `gateways` has a proxy; a name without a namespace is next to the object.
pub fn is_for(gateways: &[String], namespace: &str, gateway: &str) -> bool {
    match gateways.is_empty() {
        true => gateway == MESH,
        false => gateways
            .iter()
            .any(|named| full_name(named, namespace) == gateway),
    }
}

/// The name of a gateway with its namespace; [`MESH`] has none.
/// `istio/istio: pilot/pkg/model/config.go` (resolveGatewayName).
pub fn full_name(named: &str, namespace: &str) -> String {
    if named == MESH {
        return MESH.to_owned();
    }
    if named.contains('/') {
        return match named.strip_prefix("./") {
            Some(name) => format!("{namespace}/{name}"),
            None => named.to_owned(),
        };
    }
    let mut parts = named.split('.');
    let name = parts.next().unwrap_or_default();
    format!("{}/{name}", parts.next().unwrap_or(namespace))
}
