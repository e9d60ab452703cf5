//! Looks settings up in their sources: the first that has one wins, field by field.

use std::collections::BTreeSet;

use super::Selector;
use super::flags::Flag;
use super::sources::{Rank, Source};
use crate::k8s::selector::Requirement;
use crate::k8s::{Index, node_at};
use crate::mesh::release::differing;
use crate::model::{At, Decided, Problem, ProblemKind, ResourceId};
use crate::syntax::{Node, Value};

/// The sources of the settings.
pub(super) struct Reader<'a> {
    pub(super) index: &'a Index,
    /// Where values stand; what counts first is first.
    pub(super) sources: Vec<Source>,
    /// What command lines say, which counts behind all values.
    pub(super) flags: Vec<Flag>,
    pub(super) near: At,
    pub(super) problems: &'a mut Vec<Problem>,
    /// Where places have been reported to say something else than the first one.
    pub(super) reported: BTreeSet<ResourceId>,
}

impl<'a> Reader<'a> {
    /// What to point at where nothing is written.
    pub(super) fn near(&self) -> &At {
        &self.near
    }

    /// Whether the settings are in the input.
    pub(super) fn known(&self) -> bool {
        !self.sources.is_empty()
    }

    /// A value that is written.
    pub(super) fn find(&mut self, path: &[&str]) -> Option<(Node<'a>, At)> {
        let index = self.index;
        let found: Vec<_> = self
            .sources
            .iter()
            .filter_map(|place| {
                let at = path.iter().fold(place.at.clone(), |at, step| at.join(step));
                let node = node_at(index, &at)?;
                (!node.is_null()).then_some((place.rank, node, at))
            })
            .collect();
        let (rank, node, at) = found.first()?;
        // a chart that lies here need not be the one that is installed
        let of_same = |other: &&(Rank, _, _)| other.0 == *rank && *rank != Rank::Chart;
        for (_, other, place) in found.iter().skip(1).filter(of_same) {
            if let Some(differs) = differing(*node, *other, place) {
                self.report_other(differs);
            }
        }
        Some((*node, at.clone()))
    }

    fn report_other(&mut self, at: At) {
        if self.reported.insert(at.resource) {
            self.problems.push(Problem::at(
                ProblemKind::NotUnderstood,
                "another place sets this differently for the same control plane, and which of them is in force \
                 is not known: the first one was taken",
                at,
            ));
        }
    }

    /// What is written, as text; a list with commas between.
    fn written(&mut self, path: &[&str]) -> Option<(String, At)> {
        let of_values = self.find(path).and_then(|(node, at)| {
            let written = text(node);
            if written.is_none() {
                self.refuse("this", path, at.clone());
            }
            Some((written?, at))
        });
        let flag = self.flags.iter().find(|flag| flag.field == path);
        let flag = flag.map(|flag| (flag.text.clone(), flag.at.clone()));
        match (of_values, flag) {
            // an empty text leaves it to something else
            (Some(first), Some((text, at))) if first.0 != text && !first.0.is_empty() => {
                self.report_other(at);
                Some(first)
            }
            (first, flag) => first.or(flag),
        }
    }

    fn refuse(&mut self, what: &str, path: &[&str], at: At) {
        self.problems.push(Problem::at(
            ProblemKind::NotUnderstood,
            format!(
                "{what} is no value of {}: Linkerd does not start with it, so what is in force is not known; \
                 write one that the chart names",
                path.join(".")
            ),
            at,
        ));
    }

    /// A text, or a number, as it is written.
    pub(super) fn text(
        &mut self,
        path: &[&str],
        default: &str,
        rule: &'static str,
    ) -> Decided<String> {
        self.parsed(path, |text| Ok(text.to_owned()), default.to_owned(), rule)
    }

    /// What a text says; of one that Linkerd refuses, what to take instead.
    pub(super) fn parsed<T>(
        &mut self,
        path: &[&str],
        parse: impl Fn(&str) -> Result<T, T>,
        default: T,
        rule: &'static str,
    ) -> Decided<T> {
        let Some((text, at)) = self.written(path) else {
            return self.default(default, rule);
        };
        match parse(&text) {
            Ok(value) => Decided::configured(value, at),
            Err(instead) => {
                self.refuse(&format!("{text:?}"), path, at.clone());
                let what = format!("{text:?} is no value of {}", path.join("."));
                Decided::assumed(instead, what, at)
            }
        }
    }

    /// A switch.
    pub(super) fn flag(
        &mut self,
        path: &[&str],
        default: bool,
        rule: &'static str,
    ) -> Decided<bool> {
        let parse = |text: &str| text.parse::<bool>().map_err(|_| default);
        self.parsed(path, parse, default, rule)
    }

    /// A selector of the injector's webhook; by default one that leaves out these values of labels,
    /// or all of them.
    pub(super) fn selector(
        &mut self,
        field: &str,
        default: &[(&str, &[&str])],
    ) -> Decided<Selector> {
        let path = ["proxyInjector", field];
        if let Some((node, at)) = self.find(&path) {
            match crate::syntax::from_node::<Selector>(node) {
                Ok(value) => return Decided::configured(value, at),
                Err(_) => self.refuse("this", &path, at),
            }
        }
        let requirement = |(key, values): &(&str, &[&str])| Requirement {
            key: (*key).to_owned(),
            operator: match values.is_empty() {
                true => "DoesNotExist",
                false => "NotIn",
            }
            .to_owned(),
            values: values.iter().map(|&value| value.to_owned()).collect(),
        };
        let usual = Selector {
            match_expressions: default.iter().map(requirement).collect(),
            ..Selector::default()
        };
        self.default(usual, "the injector's usual selector")
    }

    /// A value nobody wrote: Linkerd's default where the settings are in the input, else assumed.
    pub(super) fn default<T>(&self, value: T, rule: &'static str) -> Decided<T> {
        let near = self.near.clone();
        match self.known() {
            true => Decided::default(value, rule, near),
            false => {
                let what = format!("{rule} (Linkerd's settings are not in the input)");
                Decided::assumed(value, what, near)
            }
        }
    }
}

/// A scalar as templates print it, and a list with commas between its items.
fn text(node: Node<'_>) -> Option<String> {
    Some(match node.value() {
        Value::Text(text) => text.to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(number) => number.to_string(),
        Value::UInt(number) => number.to_string(),
        Value::List => {
            let items: Option<Vec<String>> = node.items().map(text).collect();
            items?.join(",")
        }
        Value::Float(_) | Value::Map | Value::Null => return None,
    })
}
