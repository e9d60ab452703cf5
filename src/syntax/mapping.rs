//! Entries as written to entries as they count: merge keys written out, each key once.

use std::collections::{HashMap, HashSet};

use super::document::{Body, Duplicate};
use super::node::{Content, EntryData, NodeId, Slice};

/// An entry as it is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pending {
    pub(super) entry: EntryData,
    is_merge: bool,
}

impl Pending {
    pub(super) fn new(
        key: Slice,
        key_start: u32,
        key_end: u32,
        value: NodeId,
        is_merge: bool,
    ) -> Self {
        let entry = EntryData {
            key,
            key_start,
            key_end,
            value,
        };
        Self { entry, is_merge }
    }
}

/// More keys than this are compared by hash.
const FEW: usize = 12;

/// Stores the entries of a mapping. Fails with the offset of a merge key whose value is neither
/// a mapping nor a list of mappings.
pub(super) fn settle(document: &mut Body, pending: Vec<Pending>) -> Result<Slice, u32> {
    let entries = if is_plain(document, &pending) {
        pending.into_iter().map(|pending| pending.entry).collect()
    } else {
        write_out(document, &pending)?
    };
    let slice = Slice {
        start: document.entries.len() as u32,
        len: entries.len() as u32,
    };
    document.entries.extend(entries);
    Ok(slice)
}

/// Whether all keys are different and none is a merge key, as nearly always.
fn is_plain(document: &Body, pending: &[Pending]) -> bool {
    let key = |pending: &Pending| pending.entry.key.text(&document.text);
    if pending.iter().any(|pending| pending.is_merge) {
        return false;
    }
    if pending.len() <= FEW {
        let mut rest = pending;
        while let Some((first, others)) = rest.split_first() {
            if others.iter().any(|other| key(other) == key(first)) {
                return false;
            }
            rest = others;
        }
        return true;
    }
    let mut seen = HashSet::with_capacity(pending.len());
    pending.iter().all(|pending| seen.insert(key(pending)))
}

/// The entries in force: what comes later replaces what came before, be it merged or written.
fn write_out(document: &mut Body, pending: &[Pending]) -> Result<Vec<EntryData>, u32> {
    let mut entries: Vec<EntryData> = Vec::new();
    let mut places: HashMap<&str, (usize, bool)> = HashMap::new();
    let mut duplicates = Vec::new();
    for pending in pending {
        let own = pending.entry;
        let added = if pending.is_merge {
            merged(document, own.value).ok_or(own.key_start)?
        } else {
            vec![own]
        };
        for entry in added {
            let key = entry.key.text(&document.text);
            let Some((place, was_merged)) = places.get(key).copied() else {
                places.insert(key, (entries.len(), pending.is_merge));
                entries.push(entry);
                continue;
            };
            let Some(before) = entries.get_mut(place) else {
                continue;
            };
            if !was_merged && !pending.is_merge {
                duplicates.push(Duplicate {
                    key: entry.key,
                    first_start: before.key_start,
                    start: entry.key_start,
                    end: entry.key_end,
                });
            }
            *before = entry;
            places.insert(key, (place, pending.is_merge));
        }
    }
    document.duplicates.extend(duplicates);
    Ok(entries)
}

/// The entries that a merge key brings in; of a list, the first mapping wins and so comes last.
fn merged(document: &Body, value: NodeId) -> Option<Vec<EntryData>> {
    match content(document, value)? {
        Content::Map(entries) => Some(entries.of(&document.entries).to_vec()),
        Content::List(items) => {
            let mut all = Vec::new();
            for &item in items.of(&document.items).iter().rev() {
                let Content::Map(entries) = content(document, item)? else {
                    return None;
                };
                all.extend_from_slice(entries.of(&document.entries));
            }
            Some(all)
        }
        _ => None,
    }
}

fn content(document: &Body, node: NodeId) -> Option<Content> {
    match document.nodes.get(node.0 as usize)?.content {
        Content::Alias(target) => Some(document.nodes.get(target.0 as usize)?.content),
        content => Some(content),
    }
}
