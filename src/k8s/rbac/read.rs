//! Bindings → who gets which rules where.

use std::sync::Arc;

use super::roles::{GROUP, Roles};
use super::{Binding, Rbac, Subject};
use crate::k8s::Index;
use crate::model::{At, Problem, ProblemKind, ResourceId};
use crate::syntax::Node;

/// Reads all bindings of an environment.
pub(in crate::k8s) fn read(index: &Index, problems: &mut Vec<Problem>) -> Rbac {
    let mut roles = Roles::new(index);
    let mut bindings = Vec::new();
    for kind in ["ClusterRoleBinding", "RoleBinding"] {
        for &id in index.of_kind(GROUP, kind) {
            bindings.extend(binding(index, &mut roles, id, problems));
        }
    }
    problems.append(&mut roles.problems);
    Rbac { bindings }
}

fn binding(
    index: &Index,
    roles: &mut Roles<'_>,
    id: ResourceId,
    problems: &mut Vec<Problem>,
) -> Option<Binding> {
    let node = index.node(id);
    // a ClusterRoleBinding has none
    let namespace = index.resource(id).key.namespace.clone();
    let text = |key| node.path(&["roleRef", key]).and_then(Node::as_str);
    let (kind, name) = (text("kind")?, text("name")?);
    let role_at = At::new(id, "/roleRef/name");
    let subjects = subjects(node, id, namespace.as_ref(), problems);
    if subjects.is_empty() {
        return None;
    }
    let rules = match (kind, namespace.as_deref()) {
        ("ClusterRole", _) => roles.rules(None, name, &role_at),
        ("Role", Some(own)) => roles.rules(Some(own), name, &role_at),
        // the API server takes no other
        _ => return None,
    };
    Some(Binding {
        subjects,
        namespace,
        role: format!("{kind} {name}"),
        of_cluster: kind == "ClusterRole",
        role_at,
        rules,
    })
}

fn subjects(
    binding: Node<'_>,
    id: ResourceId,
    namespace: Option<&Arc<str>>,
    problems: &mut Vec<Problem>,
) -> Vec<(Subject, At)> {
    let mut found = Vec::new();
    let nodes = binding.get("subjects").into_iter().flat_map(Node::items);
    for (i, node) in nodes.enumerate() {
        let at = At::new(id, "/subjects").join(i);
        let text = |key| node.get(key).and_then(|n: Node<'_>| n.as_str());
        let Some(name) = text("name") else { continue };
        let subject = match text("kind") {
            Some("User") => Subject::user(name),
            Some("Group") => Subject::Group(name.into()),
            Some("ServiceAccount") => {
                let written = text("namespace").filter(|namespace| !namespace.is_empty());
                if written.is_none() {
                    problems.push(Problem::at(
                        ProblemKind::Rejected,
                        format!("the service account {name} needs a namespace here; the API server refuses this binding"),
                        at.clone(),
                    ));
                }
                // the nearest that may be meant
                let namespace = written.or(namespace.map(|own| &**own));
                let Some(namespace) = namespace else { continue };
                Subject::ServiceAccount {
                    namespace: namespace.into(),
                    name: name.into(),
                }
            }
            _ => continue,
        };
        found.push((subject, at));
    }
    found
}
