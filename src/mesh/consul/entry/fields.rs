//! The fields that each kind has: others mean nothing.
//!
//! `fields.txt` has them as the chart does (`hashicorp/consul-k8s: charts/consul/templates/crd-*.yaml`),
//! one a line, those within another below it: `*` stands for any key, `...` for anything. Files of
//! Consul's own have the same ones, and a few more.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::admission::Refusal;
use super::{Entry, GROUP, Kind};
use crate::k8s::Index;
use crate::mesh::consul::written::Written;
use crate::model::{At, Problem, ProblemKind};

/// What may stand below a field.
#[derive(Debug, Default)]
struct Fields {
    named: BTreeMap<&'static str, Fields>,
    /// Whether anything may.
    open: bool,
}

static KINDS: LazyLock<Fields> = LazyLock::new(|| {
    let mut lines = include_str!("fields.txt").lines().peekable();
    Fields::read(&mut lines, 0)
});

/// Fields of every entry in a file. `hashicorp/consul: agent/structs/config_entry.go`
/// (DecodeConfigEntry); `consul config read` writes the indices.
const OF_FILES: [&str; 8] = [
    "CreateIndex",
    "Hash",
    "Kind",
    "Meta",
    "ModifyIndex",
    "Name",
    "Namespace",
    "Partition",
];

/// Fields of a source that came from intentions as they were before entries.
/// `hashicorp/consul: agent/structs/config_entry_intentions.go` (SourceIntention).
const OF_SOURCES: [&str; 6] = [
    "LegacyCreateTime",
    "LegacyID",
    "LegacyMeta",
    "LegacyUpdateTime",
    "Precedence",
    "Type",
];

impl Fields {
    fn read(lines: &mut std::iter::Peekable<std::str::Lines<'static>>, depth: usize) -> Self {
        let mut fields = Self::default();
        while let Some(line) = lines.peek() {
            let name = line.trim_start();
            if line.len() - name.len() < depth {
                break;
            }
            lines.next();
            match name {
                "..." => fields.open = true,
                _ => {
                    fields.named.insert(name, Self::read(lines, depth + 1));
                }
            }
        }
        fields
    }

    /// What may stand below a key; nothing where there is no such field.
    fn below(&self, key: &str, own: bool) -> Option<&Self> {
        let any = || self.named.get("*");
        match own {
            false => self.named.get(key).or_else(any),
            true => {
                let like = |name: &str| plain(name) == plain(key);
                let mut named = self.named.iter();
                named
                    .find_map(|(name, fields)| like(name).then_some(fields))
                    .or_else(any)
            }
        }
    }

    /// The keys that are no fields, and where they are.
    fn unknown(&self, written: &Written<'_>, found: &mut Vec<(String, At)>) {
        if self.open || self.named.is_empty() {
            return;
        }
        if written.node().is_list() {
            for item in written.items() {
                self.unknown(&item, found);
            }
        }
        for (key, value) in written.entries() {
            match self.below(key, written.is_own()) {
                Some(fields) => fields.unknown(&value, found),
                None => found.push((key.to_owned(), value.at().clone())),
            }
        }
    }
}

/// A key without what makes no difference in files of Consul's own.
fn plain(key: &str) -> String {
    key.replace('_', "").to_ascii_lowercase()
}

/// Reports those of objects: the API server drops them.
pub(super) fn report_unknown(index: &Index, problems: &mut Vec<Problem>) {
    for (kind, fields) in &KINDS.named {
        for &id in index.of_kind(GROUP, kind) {
            let mut found = Vec::new();
            if let Some(spec) = Written::object(index, At::new(id, "/spec")) {
                fields.unknown(&spec, &mut found);
            }
            let report = |(key, at): (String, At)| {
                let message = format!(
                    "{kind} has no field {key:?} here: the API server drops it, so it has no effect"
                );
                Problem::at(ProblemKind::UnknownField, message, at)
            };
            problems.extend(found.into_iter().map(report));
        }
    }
}

/// The first that a file has: Consul refuses the entry because of it.
pub(super) fn unknown_in_file(entry: &Entry, written: &Written<'_>) -> Option<Refusal> {
    let fields = KINDS.named.get(entry.kind.object()).filter(|_| entry.own)?;
    let mut found = Vec::new();
    fields.unknown(written, &mut found);
    let of_files = |key: &str| OF_FILES.iter().any(|own| plain(own) == plain(key));
    let of_sources = |key: &str| {
        let own = OF_SOURCES.iter().any(|own| plain(own) == plain(key));
        own && entry.kind == Kind::ServiceIntentions
    };
    let mut unknown = found.into_iter().filter(|(key, at)| {
        let top = at.pointer.steps().count() == entry.at.pointer.steps().count() + 1;
        !(top && of_files(key)) && (top || !of_sources(key))
    });
    let (key, at) = unknown.next()?;
    Some((
        format!("{} has no field {key:?} here", entry.kind.name()),
        at,
    ))
}
