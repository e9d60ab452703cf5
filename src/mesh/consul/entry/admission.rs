//! What Consul and the webhooks of its chart refuse: it has no effect.

use super::{Entry, Kind};
use crate::k8s::Index;
use crate::mesh::consul::settings::Config;
use crate::model::At;

/// Why an entry is refused, and the field.
pub(super) fn refusal(_index: &Index, entry: &Entry, _config: &Config) -> Option<(String, At)> {
    if let Some(only) = entry.kind.only()
        && *entry.name != *only
    {
        return Some((format!("its name must be {only}"), entry.named.clone()));
    }
    let _ = Kind::ALL;
    None
}
