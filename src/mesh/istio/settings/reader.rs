//! Looks settings up in their sources: the first that has one wins, field by field.

use super::place::Sources;
use super::profile;
use crate::k8s::{Index, node_at};
use crate::model::{At, Decided};
use crate::syntax::Node;

pub(super) struct Reader<'a> {
    pub(super) index: &'a Index,
    pub(super) sources: Sources,
    /// What to point at where nothing is written.
    pub(super) near: At,
}

impl<'a> Reader<'a> {
    /// A field of the mesh configuration.
    pub(super) fn find(&self, path: &[&str]) -> Option<(Node<'a>, At)> {
        first(self.index, &self.sources.mesh, path)
    }

    /// A value of the charts.
    pub(super) fn value(&self, path: &[&str]) -> Option<(Node<'a>, At)> {
        first(self.index, &self.sources.values, path)
    }

    /// All values of a field whose lists add up, or the first that is written.
    pub(super) fn all(&self, path: &[&str]) -> Vec<(Node<'a>, At)> {
        let mut found: Vec<_> = self
            .sources
            .mesh
            .iter()
            .filter_map(|place| first(self.index, std::slice::from_ref(place), path))
            .collect();
        if !self.sources.add_up {
            found.truncate(1);
        }
        found
    }

    /// What the installation profile sets, with the line that chooses the profile.
    pub(super) fn of_profile(&self, path: &[&str]) -> Option<(&'static str, At)> {
        let (name, at) = self.sources.profile.as_ref()?;
        Some((profile::setting(name, path)?, at.clone()))
    }

    /// Whether the settings are in the input.
    pub(super) fn known(&self) -> bool {
        !self.sources.mesh.is_empty()
    }

    /// A text; what is no text is as if it were not written.
    pub(super) fn text(&self, path: &[&str], default: &str, rule: &'static str) -> Decided<String> {
        let written = self
            .find(path)
            .and_then(|(node, at)| Some((node.as_str()?, at)));
        match written.or_else(|| self.of_profile(path)) {
            Some((text, at)) => Decided::configured(text.to_owned(), at),
            None => self.default(default.to_owned(), rule),
        }
    }

    /// The texts of a list, each with its place.
    pub(super) fn texts(&self, path: &[&str]) -> Vec<(String, At)> {
        self.find(path).map(texts_in).unwrap_or_default()
    }

    /// The texts of a list.
    pub(super) fn words(&self, path: &[&str]) -> Vec<String> {
        self.texts(path).into_iter().map(|(text, _)| text).collect()
    }

    /// A value nobody wrote: Istio's default where the settings are in the input, else assumed.
    pub(super) fn default<T>(&self, value: T, rule: &'static str) -> Decided<T> {
        if self.known() {
            Decided::default(value, rule, self.near.clone())
        } else {
            Decided::assumed(
                value,
                format!("{rule} (no mesh configuration in the input)"),
                self.near.clone(),
            )
        }
    }
}

/// The value at a path below the first of some places that has one.
fn first<'a>(index: &'a Index, places: &[At], path: &[&str]) -> Option<(Node<'a>, At)> {
    places.iter().find_map(|place| {
        let at = path.iter().fold(place.clone(), |at, step| at.join(step));
        let node = node_at(index, &at)?;
        (!node.is_null()).then_some((node, at))
    })
}

/// The texts of a list, each with its place.
pub(super) fn texts_in((list, at): (Node<'_>, At)) -> Vec<(String, At)> {
    let items = list.items().enumerate();
    items
        .filter_map(|(i, item)| Some((item.as_str()?.to_owned(), at.join(i))))
        .collect()
}
