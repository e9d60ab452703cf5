//! A field as it is written: in an object of Kubernetes, or in a file of Consul's own.
//!
//! Both say the same things in the same order of nesting. Kubernetes knows one spelling of a key; for
//! Consul capitals and underscores make no difference, a mapping is a list of one, and texts stand for
//! numbers and truth values (`hashicorp/consul: agent/structs/config_entry.go`, DecodeConfigEntry).

use crate::k8s::{Index, node_at};
use crate::model::At;
use crate::syntax::{Document, Node, Value};

/// A place and what is written there.
#[derive(Clone)]
pub struct Written<'a> {
    node: Node<'a>,
    at: At,
    /// Whether it is read as Consul reads it, and not as the API server does.
    loose: bool,
}

impl<'a> Written<'a> {
    /// What stands in an object of Kubernetes; nothing where there is nothing.
    pub fn object(index: &'a Index, at: At) -> Option<Self> {
        Self::new(index, at, false)
    }

    /// What stands in a file of Consul's own.
    pub fn own(index: &'a Index, at: At) -> Option<Self> {
        Self::new(index, at, true)
    }

    fn new(index: &'a Index, at: At, loose: bool) -> Option<Self> {
        let node = node_at(index, &at).filter(|node| !node.is_null())?;
        Some(Self { node, at, loose })
    }

    /// Where it is.
    pub fn at(&self) -> &At {
        &self.at
    }

    /// The node itself.
    pub fn node(&self) -> Node<'a> {
        self.node
    }

    /// Whether it stands in a file of Consul's own.
    pub fn is_own(&self) -> bool {
        self.loose
    }

    /// Where a field of it is written, or would be.
    pub fn field(&self, key: &str) -> At {
        self.get(key).map_or_else(|| self.at.join(key), |it| it.at)
    }

    /// The value of a key, in the spelling of Kubernetes.
    pub fn get(&self, key: &str) -> Option<Self> {
        if self.loose && self.node.is_list() {
            return self.items().iter().rev().find_map(|item| item.get(key));
        }
        let entry = match self.loose {
            true => self.node.entry_like(key),
            false => self.node.entry(key),
        }?;
        self.below(entry.key, entry.value)
    }

    fn below(&self, step: impl std::fmt::Display, node: Node<'a>) -> Option<Self> {
        let held = node.document().attached(node.id()).map(Document::root);
        let node = held.unwrap_or(node);
        (!node.is_null()).then(|| Self {
            node,
            at: self.at.join(step),
            loose: self.loose,
        })
    }

    /// The value at the end of a path of keys.
    pub fn path(&self, keys: &[&str]) -> Option<Self> {
        keys.iter()
            .try_fold(self.clone(), |written, key| written.get(key))
    }

    /// The items of a list.
    pub fn items(&self) -> Vec<Self> {
        if self.loose && self.node.is_map() {
            return vec![self.clone()];
        }
        let items = self.node.items().enumerate();
        items
            .filter_map(|(place, node)| self.below(place, node))
            .collect()
    }

    /// The items of a field that is a list.
    pub fn each(&self, key: &str) -> Vec<Self> {
        self.get(key).map_or_else(Vec::new, |list| list.items())
    }

    /// The keys of a mapping, and what stands there.
    pub fn entries(&self) -> Vec<(&'a str, Self)> {
        let entries = self.node.entries();
        entries
            .filter_map(|entry| Some((entry.key, self.below(entry.key, entry.value)?)))
            .collect()
    }

    /// A text that is not empty.
    pub fn as_text(&self) -> Option<&'a str> {
        self.node.as_str().filter(|text| !text.is_empty())
    }

    /// The text of a field, if it is not empty.
    pub fn text(&self, key: &str) -> Option<&'a str> {
        self.get(key)?.as_text()
    }

    /// The texts of a field that is a list of them.
    pub fn texts(&self, key: &str) -> Vec<(&'a str, At)> {
        let Some(list) = self.get(key) else {
            return Vec::new();
        };
        if list.loose
            && let Some(only) = list.as_text()
        {
            return vec![(only, list.at)];
        }
        let items = list.items().into_iter();
        items
            .filter_map(|item| Some((item.as_text()?, item.at)))
            .collect()
    }

    /// A truth value.
    pub fn as_flag(&self) -> Option<bool> {
        match self.node.value() {
            Value::Bool(value) => Some(value),
            Value::Text(text) if self.loose => text.parse().ok(),
            _ => None,
        }
    }

    /// The truth value of a field.
    pub fn flag(&self, key: &str) -> Option<bool> {
        self.get(key)?.as_flag()
    }

    /// Whether a field is written and true.
    pub fn is_on(&self, key: &str) -> bool {
        self.flag(key) == Some(true)
    }

    /// A whole number.
    pub fn as_number(&self) -> Option<i64> {
        match self.node.value() {
            Value::Text(text) if self.loose => text.parse().ok(),
            _ => self.node.as_i64(),
        }
    }

    /// The port number of a field.
    pub fn port(&self, key: &str) -> Option<u16> {
        let number = self.get(key)?.as_number()?;
        u16::try_from(number).ok().filter(|&port| port > 0)
    }
}
