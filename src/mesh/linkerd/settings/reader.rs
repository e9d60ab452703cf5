//! Looks settings up in their sources: the first that has one wins, field by field.

use std::sync::Arc;

use ipnet::IpNet;

use super::{Selector, network};
use crate::k8s::selector::Requirement;
use crate::k8s::{Index, node_at};
use crate::model::{At, Decided};
use crate::syntax::Node;

/// The sources of the settings.
pub(super) struct Reader<'a> {
    index: &'a Index,
    /// Where values stand; what counts first is first.
    sources: Vec<At>,
    near: At,
}

impl<'a> Reader<'a> {
    pub(super) fn new(index: &'a Index, sources: Vec<At>, near: At) -> Self {
        let near = sources.first().cloned().unwrap_or(near);
        Self {
            index,
            sources,
            near,
        }
    }

    /// What to point at where nothing is written.
    pub(super) fn near(&self) -> &At {
        &self.near
    }

    /// Whether the settings are in the input.
    pub(super) fn known(&self) -> bool {
        !self.sources.is_empty()
    }

    /// A value that is written.
    pub(super) fn find(&self, path: &[&str]) -> Option<(Node<'a>, At)> {
        self.sources.iter().find_map(|place| {
            let at = path.iter().fold(place.clone(), |at, step| at.join(step));
            let node = node_at(self.index, &at)?;
            (!node.is_null()).then_some((node, at))
        })
    }

    /// A text, or a number, as it is written.
    pub(super) fn text(&self, path: &[&str], default: &str, rule: &'static str) -> Decided<String> {
        self.parsed(path, |text| Some(text.to_owned()), default.to_owned(), rule)
    }

    /// What a text says; one that says nothing is as if it were not written.
    pub(super) fn parsed<T>(
        &self,
        path: &[&str],
        parse: impl Fn(&str) -> Option<T>,
        default: T,
        rule: &'static str,
    ) -> Decided<T> {
        let written = self.find(path).and_then(|(node, at)| {
            let text = match node.as_i64() {
                Some(number) => number.to_string(),
                None => node.as_str()?.to_owned(),
            };
            Some((parse(&text)?, at))
        });
        match written {
            Some((value, at)) => Decided::configured(value, at),
            None => self.default(default, rule),
        }
    }

    /// A list of networks.
    pub(super) fn list(
        &self,
        path: &[&str],
        default: Vec<IpNet>,
        rule: &'static str,
    ) -> Decided<Vec<IpNet>> {
        let written = self.find(path).filter(|(node, _)| node.is_list());
        match written {
            Some((node, at)) => {
                let texts = node.items().filter_map(Node::as_str);
                Decided::configured(texts.filter_map(network).collect(), at)
            }
            None => self.default(default, rule),
        }
    }

    /// A switch.
    pub(super) fn flag(&self, path: &[&str], default: bool, rule: &'static str) -> Decided<bool> {
        let written = self
            .find(path)
            .and_then(|(node, at)| Some((node.as_bool()?, at)));
        match written {
            Some((value, at)) => Decided::configured(value, at),
            None => self.default(default, rule),
        }
    }

    /// A selector of the injector's webhook; by default one that leaves out these values of labels,
    /// or all of them.
    pub(super) fn selector(&self, field: &str, default: &[(&str, &[&str])]) -> Decided<Selector> {
        let written = self
            .find(&["proxyInjector", field])
            .and_then(|(node, at)| Some((crate::syntax::from_node::<Selector>(node).ok()?, at)));
        if let Some((value, at)) = written {
            return Decided::configured(value, at);
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

/// A namespace with the line that names it.
pub(super) type Place = (Arc<str>, At);
