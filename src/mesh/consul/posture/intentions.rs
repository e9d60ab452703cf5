//! An intention that stands in for a default.

use super::written;
use crate::k8s::Index;
use crate::mesh::consul::entry::{Entries, Kind};
use crate::model::Setting;

/// Whether everyone is kept from everything by an intention, whatever the default is. What lets someone
/// in by permissions takes that caller out of it.
/// `hashicorp/consul: agent/xds/rbac.go` (removeSourcePrecedence).
pub(super) fn all(index: &Index, entries: &Entries) -> Vec<Setting> {
    let mut found = Vec::new();
    for entry in entries
        .of(Kind::ServiceIntentions)
        .filter(|one| &*one.name == "*")
    {
        let sources = entry
            .fields(index)
            .map_or_else(Vec::new, |it| it.each("sources"));
        let denied = sources.iter().find(|source| {
            source.text("name") == Some("*") && source.text("action") == Some("deny")
        });
        found.extend(denied.map(|it| written("deny_all_intention", "*", it.field("action"))));
    }
    found
}
