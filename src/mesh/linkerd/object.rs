//! Linkerd's objects of one kind.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;

use super::crd::{GATEWAY, POLICY, SERVER_VERSIONS};
use crate::k8s::{Index, Resource, spec};
use crate::model::{At, Problem, ProblemKind, ResourceId};

/// One object with its spec.
#[derive(Debug)]
pub struct Object<T> {
    /// The object.
    pub id: ResourceId,
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// Its spec.
    pub spec: T,
    /// Whether the admission webhook would refuse it, and does not look into its namespace.
    pub tolerated: bool,
}

impl<T> Object<T> {
    /// A field of it; the pointer as it is written.
    pub fn at(&self, pointer: &str) -> At {
        At::new(self.id, pointer)
    }
}

/// Why an object is refused.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// Why.
    what: String,
    /// The field.
    field: String,
    /// Whether it is the admission webhook that refuses it, and not the API server.
    by_webhook: bool,
}

/// That the API server refuses an object, by the schema of its kind.
pub fn by_schema(what: impl Into<String>, field: impl Into<String>) -> Option<Refusal> {
    Some(Refusal {
        what: what.into(),
        field: field.into(),
        by_webhook: false,
    })
}

/// That the admission webhook refuses an object.
pub fn by_webhook(what: impl Into<String>, field: impl Into<String>) -> Option<Refusal> {
    Some(Refusal {
        what: what.into(),
        field: field.into(),
        by_webhook: true,
    })
}

/// The versions that the API server has of each kind.
/// `linkerd/linkerd2: charts/linkerd-crds/templates`.
const VERSIONS: &[(&str, &[&str])] = &[
    ("Server", SERVER_VERSIONS),
    ("ServerAuthorization", &["v1alpha1", "v1beta1"]),
    ("AuthorizationPolicy", &["v1alpha1"]),
    ("MeshTLSAuthentication", &["v1alpha1"]),
    ("NetworkAuthentication", &["v1alpha1"]),
    ("EgressNetwork", &["v1alpha1"]),
    ("HTTPLocalRateLimitPolicy", &["v1alpha1"]),
];

/// Those of its routes, and of the routes of the Gateway API.
const ROUTES: &[(&str, &str, &[&str])] = &[
    (
        POLICY,
        "HTTPRoute",
        &["v1alpha1", "v1beta1", "v1beta2", "v1beta3"],
    ),
    (GATEWAY, "HTTPRoute", &["v1", "v1beta1"]),
    (GATEWAY, "GRPCRoute", &["v1", "v1alpha2"]),
];

/// Whether the API server has a version of a kind; of kinds that others bring along, any.
fn is_served(group: &str, kind: &str, version: &str) -> bool {
    let own = VERSIONS.iter().filter(|_| group == POLICY);
    let own = own.map(|(kind, versions)| (POLICY, *kind, *versions));
    let mut all = own.chain(ROUTES.iter().copied());
    let known = all.find(|(of, name, _)| *of == group && *name == kind);
    known.is_none_or(|(.., versions)| versions.contains(&version))
}

/// Whether the admission webhook looks into a namespace.
fn is_watched(index: &Index, namespace: &str) -> bool {
    let labels = index
        .namespace(namespace)
        .and_then(|one| one.labels.as_ref());
    let label = labels.and_then(|labels| labels.get("config.linkerd.io/admission-webhooks"));
    label.is_none_or(|value| &**value != "disabled")
}

/// The objects of one kind, by namespace, in the order in which Linkerd prefers them.
#[derive(Debug)]
pub struct Objects<T> {
    all: Vec<Object<T>>,
    by_namespace: HashMap<Arc<str>, Vec<usize>>,
    by_name: HashMap<(Arc<str>, Arc<str>), usize>,
}

impl<T: for<'a> Deserialize<'a> + Default> Objects<T> {
    /// Reads the objects of a kind. What the API server or the admission webhook would refuse is a
    /// problem, and not among them. `older` orders them; `refusal` may drop what the API server drops.
    pub fn read(
        index: &Index,
        (group, kind): (&str, &str),
        older: impl Fn(&Resource) -> Age<'_>,
        refusal: impl Fn(&Resource, &mut T) -> Option<Refusal>,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut all = Vec::new();
        for &id in index.of_kind(group, kind) {
            let resource = index.resource(id);
            let Some(namespace) = resource.key.namespace.clone() else {
                continue;
            };
            if !is_served(group, kind, &resource.version) {
                let message = format!(
                    "the API server has no version {} of {kind}, as far as is known here, so it is not in \
                     force",
                    resource.version
                );
                let at = At::new(id, "/apiVersion");
                problems.push(Problem::at(ProblemKind::UnknownVersion, message, at));
                continue;
            }
            let mut spec = match spec::read::<T>(index, id) {
                Ok(spec) => spec,
                Err(problem) => {
                    problems.push(problem);
                    continue;
                }
            };
            let refusal = refusal(resource, &mut spec);
            let tolerated = refusal.is_some() && !is_watched(index, &namespace);
            if let Some(refusal) = refusal {
                let stored = tolerated && refusal.by_webhook;
                let said = match (stored, refusal.by_webhook) {
                    (true, _) => {
                        "Linkerd's admission webhook would refuse this KIND, and does not look into its \
                         namespace; the controller makes of it what it can"
                    }
                    (_, true) => {
                        "Linkerd's admission webhook refuses this KIND, so it is not in force"
                    }
                    (_, false) => "the API server refuses this KIND, so it is not in force",
                };
                let message = format!("{}: {}", said.replace("KIND", kind), refusal.what);
                let at = At::new(id, refusal.field);
                problems.push(Problem::at(ProblemKind::Rejected, message, at));
                if !stored {
                    continue;
                }
            }
            all.push(Object {
                id,
                namespace,
                name: Arc::clone(&resource.key.name),
                spec,
                tolerated,
            });
        }
        all.sort_by(|a, b| older(index.resource(a.id)).cmp(&older(index.resource(b.id))));
        let mut by_namespace: HashMap<_, Vec<usize>> = HashMap::new();
        let mut by_name = HashMap::new();
        for (i, object) in all.iter().enumerate() {
            let near = by_namespace.entry(Arc::clone(&object.namespace));
            near.or_default().push(i);
            by_name.insert((Arc::clone(&object.namespace), Arc::clone(&object.name)), i);
        }
        Self {
            all,
            by_namespace,
            by_name,
        }
    }
}

/// What orders objects of one kind: whether the time counts last, the time, the name, the group.
pub type Age<'a> = (bool, &'a str, &'a str, &'a str);

/// Older objects first; those without a time before all others.
pub fn timeless_first(resource: &Resource) -> Age<'_> {
    let created = resource.created.as_deref().unwrap_or("");
    (false, created, &resource.key.name, &resource.key.group)
}

/// Older objects first; those without a time behind all others.
pub fn timeless_last(resource: &Resource) -> Age<'_> {
    let created = resource.created.as_deref();
    let (name, group) = (&resource.key.name, &resource.key.group);
    (created.is_none(), created.unwrap_or(""), name, group)
}

impl<T> Objects<T> {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Object<T>> {
        self.all.iter()
    }

    /// One of them by its place in that order.
    pub fn nth(&self, place: usize) -> Option<&Object<T>> {
        self.all.get(place)
    }

    /// Those of a namespace.
    pub fn of(&self, namespace: &str) -> impl Iterator<Item = &Object<T>> {
        let near = self.by_namespace.get(namespace);
        near.into_iter().flatten().filter_map(|&i| self.all.get(i))
    }

    /// The one of a name.
    pub fn named(&self, namespace: &str, name: &str) -> Option<&Object<T>> {
        let key = (Arc::from(namespace), Arc::from(name));
        self.all.get(*self.by_name.get(&key)?)
    }
}

impl<T> IntoIterator for Objects<T> {
    type Item = Object<T>;
    type IntoIter = std::vec::IntoIter<Object<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.all.into_iter()
    }
}
