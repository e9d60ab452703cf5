//! Label selectors, over labels that may not be known.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;

use crate::model::{Labels, Tri};

/// A `LabelSelector`: all of its requirements must hold; an empty one takes everything.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LabelSelector {
    /// Labels that must have these values.
    pub match_labels: Labels,
    /// Further requirements.
    pub match_expressions: Vec<Requirement>,
}

/// One requirement on one label.
#[derive(Debug, Clone, Deserialize)]
pub struct Requirement {
    /// The label.
    pub key: String,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    pub operator: String,
    /// The values, for the first two.
    #[serde(default)]
    pub values: Vec<String>,
}

impl LabelSelector {
    /// Whether labels satisfy it; `None` are labels that are not known.
    pub fn matches(&self, labels: Option<&Labels>) -> Tri {
        let Some(labels) = labels else {
            let takes_everything =
                self.match_labels.is_empty() && self.match_expressions.is_empty();
            return if takes_everything {
                Tri::Yes
            } else {
                Tri::Unknown
            };
        };
        Tri::from(
            is_subset(&self.match_labels, labels)
                && self.match_expressions.iter().all(|r| r.holds(labels)),
        )
    }
}

impl LabelSelector {
    /// Whether it looks at labels other than these.
    pub fn reads_other_than(&self, labels: &Labels) -> bool {
        let expressions = self.match_expressions.iter().map(|one| one.key.as_str());
        let mut keys = self
            .match_labels
            .keys()
            .map(|key| &**key)
            .chain(expressions);
        keys.any(|key| !labels.contains_key(key))
    }
}

impl Requirement {
    fn holds(&self, labels: &Labels) -> bool {
        let value = labels.get(self.key.as_str());
        let listed = value.is_some_and(|v| self.values.iter().any(|one| **one == **v));
        match self.operator.as_str() {
            "In" => listed,
            "NotIn" => !listed,
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            _ => false,
        }
    }
}

/// Whether `labels` has every label of `wanted`.
pub fn is_subset(wanted: &Labels, labels: &Labels) -> bool {
    wanted
        .iter()
        .all(|(key, value)| labels.get(key).is_some_and(|v| v == value))
}

/// Things that select by labels, found by the labels they may select: one label of each is
/// enough to rule most of them out.
#[derive(Debug, Default)]
pub struct LabelIndex {
    everything: Vec<usize>,
    by_label: HashMap<(Arc<str>, Arc<str>), Vec<usize>>,
}

impl LabelIndex {
    /// Adds thing number `at`; without labels it selects everything.
    pub fn add(&mut self, at: usize, wanted: Option<&Labels>) {
        match wanted.and_then(|labels| labels.first_key_value()) {
            None => self.everything.push(at),
            Some((key, value)) => {
                let label = (Arc::clone(key), Arc::clone(value));
                self.by_label.entry(label).or_default().push(at);
            }
        }
    }

    /// The things that may select these labels, in ascending order; each must still be asked.
    pub fn candidates(&self, labels: &Labels) -> Vec<usize> {
        let mut found = self.everything.clone();
        if !self.by_label.is_empty() {
            for (key, value) in labels {
                let label = (Arc::clone(key), Arc::clone(value));
                found.extend(self.by_label.get(&label).into_iter().flatten());
            }
            found.sort_unstable();
        }
        found
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|&(k, v)| (k.into(), v.into())).collect()
    }

    fn selector(json: &str) -> LabelSelector {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn every_operator() {
        let have = labels(&[("app", "web"), ("tier", "1")]);
        for (expression, expected) in [
            (
                r#"{"key":"app","operator":"In","values":["web","api"]}"#,
                Tri::Yes,
            ),
            (r#"{"key":"app","operator":"In","values":["api"]}"#, Tri::No),
            (
                r#"{"key":"app","operator":"NotIn","values":["api"]}"#,
                Tri::Yes,
            ),
            (
                r#"{"key":"none","operator":"NotIn","values":["api"]}"#,
                Tri::Yes,
            ),
            (r#"{"key":"tier","operator":"Exists"}"#, Tri::Yes),
            (r#"{"key":"tier","operator":"DoesNotExist"}"#, Tri::No),
            (r#"{"key":"tier","operator":"Nonsense"}"#, Tri::No),
        ] {
            let one = selector(&format!(r#"{{"matchExpressions":[{expression}]}}"#));
            assert_eq!(one.matches(Some(&have)), expected, "{expression}");
        }
    }

    #[test]
    fn labels_and_expressions_must_all_hold() {
        let both = selector(
            r#"{"matchLabels":{"app":"web"},"matchExpressions":[{"key":"x","operator":"Exists"}]}"#,
        );
        assert_eq!(both.matches(Some(&labels(&[("app", "web")]))), Tri::No);
        assert_eq!(
            both.matches(Some(&labels(&[("app", "web"), ("x", "")]))),
            Tri::Yes
        );
    }

    #[test]
    fn labels_that_are_not_known_match_only_everything() {
        assert_eq!(LabelSelector::default().matches(None), Tri::Yes);
        assert_eq!(
            selector(r#"{"matchLabels":{"a":"b"}}"#).matches(None),
            Tri::Unknown
        );
    }

    #[test]
    fn the_index_finds_what_may_select() {
        let mut index = LabelIndex::default();
        index.add(0, Some(&labels(&[("app", "web"), ("tier", "1")])));
        index.add(1, None);
        index.add(2, Some(&labels(&[("app", "api")])));
        assert_eq!(index.candidates(&labels(&[("app", "web")])), [0, 1]);
        assert_eq!(index.candidates(&labels(&[])), [1]);
    }
}
