//! The roles that Kubernetes comes with and that are bound by name, as far as they let anyone write.
//!
//! `kubernetes/kubernetes: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go`. None of them
//! knows a group that an extension brought.

use std::sync::Arc;

use super::Rule;

const WRITE: &[&str] = &["create", "delete", "deletecollection", "patch", "update"];

/// What `edit` lets people write: group, resources.
const EDIT: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "configmaps",
            "endpoints",
            "events",
            "persistentvolumeclaims",
            "pods",
            "pods/attach",
            "pods/exec",
            "pods/portforward",
            "pods/proxy",
            "replicationcontrollers",
            "replicationcontrollers/scale",
            "secrets",
            "serviceaccounts",
            "services",
            "services/proxy",
        ],
    ),
    (
        "apps",
        &[
            "daemonsets",
            "deployments",
            "deployments/rollback",
            "deployments/scale",
            "replicasets",
            "replicasets/scale",
            "statefulsets",
            "statefulsets/scale",
        ],
    ),
    ("autoscaling", &["horizontalpodautoscalers"]),
    ("batch", &["cronjobs", "jobs"]),
    ("networking.k8s.io", &["ingresses", "networkpolicies"]),
    ("policy", &["poddisruptionbudgets"]),
];

/// What `admin` adds to it.
const ADMIN: (&str, &[&str]) = ("rbac.authorization.k8s.io", &["rolebindings", "roles"]);

/// The rules of a role, if Kubernetes comes with it.
pub(super) fn rules(name: &str) -> Option<Vec<Arc<Rule>>> {
    let edit = EDIT.iter().copied();
    match name {
        "cluster-admin" => Some(vec![rule(&["*"], "*", &["*"])]),
        "admin" => Some(edit.chain([ADMIN]).map(writes).collect()),
        "edit" => Some(edit.map(writes).collect()),
        "view" => Some(Vec::new()),
        _ => None,
    }
}

/// The roles whose rules one of them takes in by their label, the nearest first.
pub(super) fn aggregates(name: &str) -> &'static [&'static str] {
    match name {
        "admin" => &["admin", "edit", "view"],
        "edit" => &["edit", "view"],
        "view" => &["view"],
        _ => &[],
    }
}

fn writes((group, resources): (&str, &[&str])) -> Arc<Rule> {
    rule(WRITE, group, resources)
}

fn rule(verbs: &[&str], group: &str, resources: &[&str]) -> Arc<Rule> {
    let own = |list: &[&str]| list.iter().map(|&one| one.to_owned()).collect();
    Arc::new(Rule {
        verbs: own(verbs),
        groups: vec![group.to_owned()],
        resources: own(resources),
        names: Vec::new(),
        at: None,
    })
}
