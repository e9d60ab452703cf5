//! Which revisions are installed, as far as the objects that install them say.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::env;
use super::installation::{installations, sail_revision};
use super::place::DEFAULT;
use super::sources;
use crate::k8s::Index;
use crate::model::Tri;

/// The revisions of an environment.
#[derive(Debug)]
pub struct Revisions {
    /// Revisions and their other names, each with the revision it stands for.
    names: BTreeMap<Arc<str>, Arc<str>>,
    /// Whether it depends on the cluster which revision is the default one.
    default_is_open: bool,
}

impl Revisions {
    /// Finds them; nothing where no object of a control plane is in the input.
    pub fn find(index: &Index) -> Option<Self> {
        let mut names: BTreeMap<Arc<str>, Arc<str>> = BTreeMap::new();
        let mut default_is_open = false;
        let mut add = |name: &Arc<str>, revision: &Arc<str>| {
            names.insert(Arc::clone(name), Arc::clone(revision));
        };
        for one in installations(index) {
            let Some(revision) = &one.sources.revision else {
                continue;
            };
            default_is_open |= one.by_istioctl;
            add(revision, revision);
            for tag in &one.tags {
                add(tag, revision);
            }
        }
        let planes = sources::find(index, &mut Vec::new()).into_values();
        let with_settings = planes.filter_map(|plane| plane.revision);
        for revision in with_settings.chain(env::revisions(index)) {
            add(&revision, &revision);
        }
        for (tag, revision) in tags(index) {
            add(&tag, &revision);
        }
        (!names.is_empty()).then_some(Self {
            names,
            default_is_open,
        })
    }

    /// The revision that a name stands for; itself where it is not known.
    pub fn behind(&self, name: &Arc<str>) -> Arc<str> {
        Arc::clone(self.names.get(name).unwrap_or(name))
    }

    /// Whether pods that ask for a revision, or for none in particular, are served, and by which.
    pub fn serving(&self, name: Option<&str>) -> (Tri, Arc<str>) {
        let asked = name.unwrap_or(DEFAULT);
        match self.names.get(asked) {
            Some(revision) => (Tri::Yes, Arc::clone(revision)),
            // istioctl makes the first installation the default one, whatever its name
            None if asked == DEFAULT && self.default_is_open => (Tri::Unknown, asked.into()),
            None => (Tri::No, asked.into()),
        }
    }
}

/// Other names of revisions that objects of their own give them.
fn tags(index: &Index) -> Vec<(Arc<str>, Arc<str>)> {
    let mut tags = Vec::new();
    for &id in index.of_kind("sailoperator.io", "IstioRevisionTag") {
        let target = index.node(id).path(&["spec", "targetRef"]);
        let text = |key| target?.get(key)?.as_str();
        let (kind, name) = (text("kind"), text("name").unwrap_or(""));
        let istio = index.find("sailoperator.io", "Istio", None, name);
        let revision = match istio.filter(|_| kind == Some("Istio")) {
            Some(istio) => sail_revision(index, istio, "Istio"),
            None => name.into(),
        };
        tags.push((Arc::clone(&index.resource(id).key.name), revision));
    }
    let group = "admissionregistration.k8s.io";
    for &id in index.of_kind(group, "MutatingWebhookConfiguration") {
        let labels = &index.resource(id).labels;
        let both = (labels.get("istio.io/tag"), labels.get("istio.io/rev"));
        if let (Some(tag), Some(revision)) = both {
            tags.push((Arc::clone(tag), Arc::clone(revision)));
        }
    }
    tags
}
