//! Names that objects call others by, once those others are called something else.

use super::failure::Failure;
use super::fieldspec::{Blocked, FieldSpec};
use super::identity::{Id, Meta, split};
use super::namespace::named;
use super::referrers::{Referred, referred};
use super::resource::Resource;
use crate::syntax::{Kind, Tree};
use crate::text::Span;

/// What may be named, if it was known otherwise before.
struct Candidate {
    now: Meta,
    id: Id,
    previous: Vec<Id>,
    prefixes: Vec<String>,
    suffixes: Vec<String>,
    name: Tree,
    namespace: Option<Tree>,
}

/// One object that names others.
struct Referrer<'c> {
    meta: &'c Meta,
    id: Id,
    prefixes: &'c [String],
    suffixes: &'c [String],
    role: Option<(String, String)>,
    candidates: Vec<&'c Candidate>,
}

/// Why a name stays unclear.
enum Unclear {
    Blocked(Span),
    Several(Span, String),
}

/// Renames what was renamed wherever it is named.
pub(super) fn fix(resources: &mut [Resource<'_>]) -> Result<(), Failure> {
    if resources
        .iter()
        .all(|resource| resource.previous.is_empty())
    {
        return Ok(());
    }
    let all: Vec<Candidate> = resources.iter().filter_map(Candidate::of).collect();
    let kinds = referred();
    for resource in resources.iter_mut() {
        let (meta, original) = (resource.meta.clone(), resource.original());
        let asked = Meta {
            kind: original.kind,
            ..meta.clone()
        };
        let fields: Vec<(&Referred, &FieldSpec)> = kinds
            .iter()
            .flat_map(|kind| kind.by.iter().map(move |field| (kind, field)))
            .filter(|(_, field)| field.fits(&asked) && field.fits(&meta))
            .collect();
        if fields.is_empty() {
            continue;
        }
        let tree = resource.tree();
        let (prefixes, suffixes) = (resource.prefixes.clone(), resource.suffixes.clone());
        let referrer = Referrer {
            id: meta.id(),
            role: role(&tree),
            candidates: reachable(&all, &meta, &tree),
            meta: &meta,
            prefixes: &prefixes,
            suffixes: &suffixes,
        };
        resource.change(|object| {
            for (kind, field) in fields {
                referrer.update(object, kind, field)?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

impl Candidate {
    fn of(resource: &Resource<'_>) -> Option<Self> {
        let tree = resource.outline();
        Some(Self {
            now: resource.meta.clone(),
            id: resource.id(),
            previous: resource.previous.clone(),
            prefixes: resource.prefixes.clone(),
            suffixes: resource.suffixes.clone(),
            name: tree.path(&["metadata", "name"])?.clone(),
            namespace: tree.path(&["metadata", "namespace"]).cloned(),
        })
    }

    fn was(&self, group: &str, version: &str, kind: &str) -> bool {
        self.previous.iter().any(|id| {
            let (own_group, own_version) = split(&id.api_version);
            let is = |wanted: &str, own: &str| wanted.is_empty() || wanted == own;
            is(group, own_group) && is(version, own_version) && is(kind, &id.kind)
        })
    }
}

/// What an object can name: all, if it is in no namespace; else what is in its own or in none, and
/// the accounts of other namespaces that it mentions.
fn reachable<'c>(all: &'c [Candidate], meta: &Meta, tree: &Tree) -> Vec<&'c Candidate> {
    let id = meta.id();
    let subjects = tree.get("subjects").map(Tree::items).unwrap_or_default();
    let mentioned: Vec<&str> = subjects
        .iter()
        .filter(|subject| subject.get("kind").and_then(Tree::as_str) == Some("ServiceAccount"))
        .filter_map(|subject| subject.get("namespace")?.as_str())
        .filter(|_| meta.kind == "RoleBinding")
        .collect();
    let is_reachable = |other: &&Candidate| {
        id.is_cluster_scoped()
            || other.id.is_cluster_scoped()
            || other.id.namespace == id.namespace
            || mentioned.contains(&other.now.namespace.as_str())
    };
    all.iter().filter(is_reachable).collect()
}

/// The group and the kind of the role that a binding grants.
fn role(object: &Tree) -> Option<(String, String)> {
    let text = |key| object.path(&["roleRef", key]).and_then(Tree::as_str);
    Some((text("apiGroup")?.to_owned(), text("kind")?.to_owned()))
}

impl Referrer<'_> {
    fn update(&self, object: &mut Tree, kind: &Referred, field: &FieldSpec) -> Result<(), Failure> {
        let mut unclear = None;
        let mut set = |node: &mut Tree| {
            let at = node.place.span;
            self.set(node, kind, field).map_err(|why| {
                unclear = Some(why);
                Blocked { at }
            })
        };
        let Err(Blocked { at }) = field.set_existing(object, &mut set) else {
            return Ok(());
        };
        let (at, reason) = match unclear {
            Some(Unclear::Several(at, reason)) => (at, reason),
            Some(Unclear::Blocked(at)) => (at, "this names no object".to_owned()),
            None => {
                let Meta { kind, name, .. } = self.meta;
                (at, format!("{kind} {name} has nothing at {}", field.path))
            }
        };
        Err(Failure::broken(at, reason))
    }

    fn set(&self, node: &mut Tree, kind: &Referred, field: &FieldSpec) -> Result<(), Unclear> {
        let at = node.place.span;
        match &mut node.kind {
            Kind::Null => Ok(()),
            Kind::Text(name) => {
                let found = self.find(name, self.candidates.clone(), kind, field, false, at)?;
                if let Some(found) = found.filter(|found| found.now.name != *name) {
                    *node = found.name.clone();
                }
                Ok(())
            }
            Kind::Map(_) => self.set_both(node, kind, field),
            Kind::List(items) => {
                for item in items {
                    match item.kind {
                        Kind::List(_) => return Err(Unclear::Blocked(at)),
                        _ => self.set(item, kind, field)?,
                    }
                }
                Ok(())
            }
            Kind::Bool(_) | Kind::Int(_) | Kind::UInt(_) | Kind::Float(_) => Ok(()),
        }
    }

    /// A mapping with a name, and perhaps a namespace.
    fn set_both(&self, node: &mut Tree, kind: &Referred, field: &FieldSpec) -> Result<(), Unclear> {
        let at = node.place.span;
        let Some(name) = node.get("name") else {
            return Err(Unclear::Blocked(at));
        };
        let name = name.as_str().unwrap_or_default().to_owned();
        let mut candidates = self.candidates.clone();
        if let Some(namespace) = node.get("namespace") {
            let namespace = namespace.as_str().unwrap_or_default();
            // one that is not renamed counts here: it keeps those that are now there from being found
            let original = |candidate: &&Candidate| {
                let first = candidate.previous.first().unwrap_or(&candidate.id);
                !first.is_cluster_scoped() && first.namespace == namespace
            };
            let now = |candidate: &&Candidate| {
                !candidate.id.is_cluster_scoped() && candidate.id.namespace == namespace
            };
            let by_original: Vec<_> = candidates.iter().copied().filter(original).collect();
            candidates = match by_original.is_empty() {
                true => candidates.into_iter().filter(now).collect(),
                false => by_original,
            };
        }
        let Some(found) = self.find(&name, candidates, kind, field, true, at)? else {
            return Ok(());
        };
        node.set(named("name", found.name.clone()));
        if let Some(namespace) = &found.namespace {
            node.set(named("namespace", namespace.clone()));
        }
        Ok(())
    }

    /// The object that a name stands for.
    fn find<'c>(
        &self,
        name: &str,
        mut candidates: Vec<&'c Candidate>,
        kind: &Referred,
        field: &FieldSpec,
        with_namespace: bool,
        at: Span,
    ) -> Result<Option<&'c Candidate>, Unclear> {
        candidates.retain(|one| one.previous.iter().any(|id| id.name == name));
        candidates.retain(|one| one.was(kind.group, kind.version, kind.kind));
        if field.path.ends_with("roleRef/name")
            && let Some((group, kind)) = &self.role
        {
            candidates.retain(|one| one.was(group, "", kind));
        }
        candidates.retain(|one| {
            self.id.is_cluster_scoped()
                || one.id.is_cluster_scoped()
                || one.now.kind == "ServiceAccount"
                || one.id.namespace == self.id.namespace
        });
        if let [only] = candidates.as_slice() {
            return Ok(Some(only));
        }
        candidates.retain(|one| self.shares_ends(one, true));
        if candidates.len() > 1 {
            candidates.retain(|one| self.shares_ends(one, false));
        }
        let Some((first, rest)) = candidates.split_first() else {
            return Ok(None);
        };
        let same = |other: &&Candidate| {
            other.now.name == first.now.name
                && (!with_namespace || other.now.namespace == first.now.namespace)
        };
        match rest.iter().all(same) {
            true => Ok(Some(first)),
            false => {
                let reason = format!("{name} may mean several objects {}", kind.kind);
                Err(Unclear::Several(at, reason))
            }
        }
    }

    /// Whether two objects got the same prefixes and suffixes, as far as both got any.
    fn shares_ends(&self, other: &Candidate, none_is_any: bool) -> bool {
        let same = |a: &[String], b: &[String]| {
            let is_any = none_is_any && (a.is_empty() || b.is_empty());
            let both = !a.is_empty() && !b.is_empty() && (a.ends_with(b) || b.ends_with(a));
            is_any || both || (a.is_empty() && b.is_empty())
        };
        same(&other.prefixes, self.prefixes) && same(&other.suffixes, self.suffixes)
    }
}
