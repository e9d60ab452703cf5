//! Places as spans.

use std::collections::HashMap;

use super::Fate;
use crate::change::{Decider, Fared, Written};
use crate::matrix::Worlds;
use crate::model::Pointer;
use crate::syntax::locate;
use crate::text::Span;

/// Where written places are.
pub(super) struct Lines<'w> {
    worlds: &'w Worlds<'w>,
    /// The documents of each environment, by file and number.
    documents: Vec<HashMap<(&'w str, usize), Vec<usize>>>,
    known: HashMap<(usize, Written), Option<Span>>,
}

impl<'w> Lines<'w> {
    pub fn new(worlds: &'w Worlds<'w>) -> Self {
        let documents = worlds.held.iter().map(|held| {
            let mut named: HashMap<_, Vec<usize>> = HashMap::new();
            for member in &held.environment.members {
                if let Some(document) = worlds.parsed.documents.get(member.document) {
                    let file = worlds.sources.get(document.file()).name();
                    let same = named.entry((file, document.number())).or_default();
                    same.push(member.document);
                }
            }
            named
        });
        Self {
            worlds,
            documents: documents.collect(),
            known: HashMap::new(),
        }
    }

    pub fn fate(&mut self, environment: usize, fared: Fared<'_>) -> Fate {
        let place = fared
            .because
            .and_then(|because| self.span(environment, because));
        Fate {
            state: fared.state,
            place,
            is_default: fared.because.is_some_and(|because| because.is_default),
        }
    }

    fn span(&mut self, environment: usize, decider: Decider<'_>) -> Option<Span> {
        let key = (environment, decider.at.clone());
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let span = self.find(environment, decider.at);
        self.known.insert(key, span);
        span
    }

    fn find(&self, environment: usize, at: &Written) -> Option<Span> {
        let documents = self.documents.get(environment)?;
        // an object as a whole is shown where it is named
        let pointer: Pointer = match at.is_object() {
            true => at.pointer.append("/metadata/name"),
            false => at.pointer.clone(),
        };
        let numbers = documents.get(&(&*at.file, at.document))?;
        let documents = numbers.iter();
        let documents = documents.filter_map(|&at| self.worlds.parsed.documents.get(at));
        let mut found = documents.map(|document| locate(document, &pointer));
        // of several that are made of the same, one that has the field
        let first = found.next()?;
        let exact = first.exact.then_some(first);
        let found = exact
            .or_else(|| found.find(|one| one.exact))
            .unwrap_or(first);
        Some(found.anchor())
    }
}
