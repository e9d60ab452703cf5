//! What is done to the objects of a path once they are there.

use std::collections::BTreeMap;

use super::{Unit, Units};
use crate::render::Namespace;
use crate::render::delivery::{self, Variables};
use crate::syntax::Tree;
use crate::text::Span;

impl Units<'_> {
    /// Gives all objects of a unit labels and annotations.
    pub(super) fn label(&mut self, unit: &mut Unit, metadata: &Tree) {
        unit.is_rendered = true;
        unit.files.insert(metadata.place.span.file);
        for (member, _) in &mut unit.members {
            let Some(document) = self.document(member.document) else {
                continue;
            };
            let number = document.number();
            let mut tree = Tree::from(document.root());
            delivery::label(&mut tree, metadata);
            member.document = self.write(&tree, number);
        }
    }

    /// Puts variables into the objects of a unit.
    pub(super) fn substitute(&mut self, unit: &mut Unit, variables: &Variables) {
        unit.is_rendered = true;
        let mut unknown: BTreeMap<String, (Span, usize)> = BTreeMap::new();
        for (member, _) in &mut unit.members {
            let Some(document) = self.document(member.document) else {
                continue;
            };
            let file = document.file();
            let is_read = member.document < self.files.count();
            if is_read && !self.sources.get(file).text().contains("${") {
                continue;
            }
            let number = document.number();
            let mut tree = Tree::from(document.root());
            let done = delivery::substitute(&mut tree, variables);
            for (name, span) in done.unknown {
                unknown.entry(name).or_insert((span, 0)).1 += 1;
            }
            if done.changed {
                member.document = self.write(&tree, number);
            }
        }
        let missing = variables.missing().iter();
        let missing: Vec<String> = missing
            .map(|one| format!("{} {}", one.kind, one.name))
            .collect();
        let from = match missing.is_empty() {
            true => "it is in a Secret, or is worked out".to_owned(),
            false => {
                let missing = missing.join(", ");
                format!("it may be in {missing}, which is not among the files read")
            }
        };
        for (name, found) in unknown {
            unit.unknown.insert((name, from.clone()), found);
        }
    }
}

impl Unit {
    /// Puts all objects in a namespace, or those that have none yet.
    pub(super) fn put_in(&mut self, namespace: &Namespace) {
        self.is_rendered |= namespace.only_if_none;
        self.files.extend(Some(namespace.span.file));
        for (member, _) in &mut self.members {
            if !namespace.only_if_none || member.namespace.is_none() {
                member.namespace = Some(namespace.clone());
            }
        }
    }
}
