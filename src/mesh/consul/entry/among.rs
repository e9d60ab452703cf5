//! What Consul refuses because of other entries.
//!
//! `hashicorp/consul: agent/consul/state/config_entry.go` (validateProposedConfigEntryInGraph,
//! validateJWTProvider, checkMutualTLSMode).

use super::admission::Refusal;
use super::gateway::mismatch;
use super::{Entries, Entry, Kind, is_http};
use crate::k8s::Index;
use crate::mesh::consul::written::Written;

/// Why an entry is refused beside the others, and the field.
pub(super) fn refusal(entries: &Entries, index: &Index, entry: &Entry) -> Option<Refusal> {
    let fields = entry.fields(index)?;
    match entry.kind {
        Kind::ServiceDefaults | Kind::ProxyDefaults => plaintext(entries, index, &fields),
        Kind::ServiceIntentions => permissions(entries, index, entry, &fields)
            .or_else(|| unknown_provider(entries, index, entry, &fields)),
        Kind::IngressGateway => mismatch(entries, index, entry, &fields),
        _ => None,
    }
}

/// Plaintext is let in only where the mesh's switch says that it may be.
fn plaintext(entries: &Entries, index: &Index, fields: &Written<'_>) -> Option<Refusal> {
    let mode = fields.get("mutualTLSMode")?;
    let mesh = entries.only(Kind::Mesh);
    let switch = mesh.and_then(|mesh| mesh.fields(index)?.flag("allowEnablingPermissiveMutualTLS"));
    (mode.as_text() == Some("permissive") && switch != Some(true)).then(|| {
        let what = "the entry `mesh` does not allow it (allowEnablingPermissiveMutualTLS); where it was stored \
                    before, it is still in force";
        (what.to_owned(), mode.at().clone())
    })
}

/// Permissions are for services that speak HTTP.
fn permissions(
    entries: &Entries,
    index: &Index,
    entry: &Entry,
    fields: &Written<'_>,
) -> Option<Refusal> {
    let (protocol, _) = entries.protocol(index, &entry.namespace, &entry.name);
    let sources = fields.each("sources").into_iter();
    let mut lists = sources.filter_map(|source| source.get("permissions"));
    let permissions = lists.find(|list| !list.items().is_empty())?;
    (!is_http(&protocol)).then(|| {
        let what = format!(
            "permissions are for services that speak HTTP, and no entry sets the protocol of {} to http, http2 or \
             grpc",
            entry.name
        );
        (what, permissions.at().clone())
    })
}

/// Tokens are those of providers that are there. Nobody asks for tokens where no requests are read: was
/// an entry that only lets in stored there before its provider went, it does so still, and that is
/// taken.
fn unknown_provider(
    entries: &Entries,
    index: &Index,
    entry: &Entry,
    fields: &Written<'_>,
) -> Option<Refusal> {
    let (protocol, _) = entries.protocol(index, &entry.namespace, &entry.name);
    let mut sources = fields.each("sources").into_iter();
    if !is_http(&protocol) && sources.all(|source| source.text("action") == Some("allow")) {
        return None;
    }
    let own = fields.get("jwt").into_iter();
    let sources = fields.each("sources").into_iter();
    let permissions = sources.flat_map(|source| source.each("permissions"));
    let mut named = own
        .chain(permissions.filter_map(|permission| permission.get("jwt")))
        .flat_map(|jwt| jwt.each("providers"))
        .filter_map(|provider| provider.get("name"));
    let unknown = named.find(|name| {
        let name = name.as_text().unwrap_or("");
        !entries
            .of(Kind::JWTProvider)
            .any(|entry| *entry.name == *name)
    })?;
    let name = unknown.as_text().unwrap_or("");
    Some((
        format!("there is no jwt-provider {name}"),
        unknown.at().clone(),
    ))
}
