//! Mesh products that are not read yet: what belongs to one is a problem, so that it is never taken
//! for a pass.

use crate::k8s::{Index, whole};
use crate::model::{At, Labels, Problem, ProblemKind, ResourceId};
use crate::syntax::Consul;

/// A product: its title, the domain of its kinds, the annotation that asks for its proxy.
const PRODUCTS: [(&str, &str, &str); 1] = [(
    "Consul",
    "consul.hashicorp.com",
    "consul.hashicorp.com/connect-inject",
)];

/// Reports objects and pods of these products and files of Consul's own, and says where the first of
/// them is found.
pub(super) fn report(index: &Index, problems: &mut Vec<Problem>) -> Option<(String, At)> {
    let mut found = Vec::new();
    for (id, resource) in index.resources() {
        for (title, domain, annotation) in PRODUCTS {
            let key = &resource.key;
            if in_domain(&key.group, domain) {
                let what = format!("{}: {title} is not worked out yet", key.kind);
                found.push((title, what, At::new(id, "/kind")));
            } else if asks(&resource.annotations, annotation) {
                found.push((title, asks_for_proxy(title), whole(id)));
            }
        }
    }
    for workload in index.workloads() {
        for (title, _, annotation) in PRODUCTS {
            // on a bare pod it is the annotation that the object itself was reported for
            let own = &index.resource(workload.resource).annotations;
            if asks(&workload.annotations, annotation) && !asks(own, annotation) {
                let at = workload.annotation_at(annotation);
                found.push((title, asks_for_proxy(title), at));
            }
        }
    }
    for &id in index.values() {
        if let Some(consul) = index.node(id).document().consul() {
            let (what, at) = own_file(index, id, consul);
            found.push(("Consul", what, at));
        }
    }
    let first = found
        .first()
        .map(|(title, _, at)| (format!("{title} is not worked out yet"), at.clone()));
    let told = |(_, what, at)| Problem::at(ProblemKind::NotUnderstood, what, at);
    problems.extend(found.into_iter().map(told));
    first
}

/// A file of Consul's own, and where it says what it is.
fn own_file(index: &Index, id: ResourceId, consul: Consul) -> (String, At) {
    let mut entries = index.node(id).entries();
    let kind = entries.find(|entry| entry.key.eq_ignore_ascii_case("kind"));
    let (what, at) = match kind.and_then(|kind| Some((kind.value.as_str()?, kind.key))) {
        Some((kind, key)) => (kind, format!("/{key}")),
        None => (consul.title(), String::new()),
    };
    let what = format!("{what}: Consul is not worked out yet");
    (what, At::new(id, at))
}

/// Whose an API group is, by the product's title.
pub(super) fn product_of(group: &str) -> Option<&'static str> {
    let mut products = PRODUCTS.iter();
    let found = products.find(|(_, domain, _)| in_domain(group, domain));
    found.map(|(title, ..)| *title)
}

fn in_domain(group: &str, domain: &str) -> bool {
    group
        .strip_suffix(domain)
        .is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

fn asks(annotations: &Labels, annotation: &str) -> bool {
    annotations
        .get(annotation)
        .is_some_and(|value| matches!(&**value, "enabled" | "ingress" | "true"))
}

fn asks_for_proxy(title: &str) -> String {
    format!("this asks for the proxy of {title}, which is not worked out yet")
}
