//! What kustomize tells objects apart by.

use super::patch::Called;
use crate::syntax::{Node, Tree};

/// What cluster-scoped objects have for a namespace: nothing can be called so.
const NO_NAMESPACE: &str = "_non_namespaceable_";

/// What an object says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Meta {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) name: String,
    /// Empty if it says none.
    pub(super) namespace: String,
}

/// What no two objects of a build may share.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Id {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) name: String,
    /// The one it is in: `default` if it says none, and one that does not exist if it is in none.
    pub(super) namespace: String,
}

impl Meta {
    /// Of an object; why it is none, if it has no kind or no name.
    pub(super) fn of_node(object: Node<'_>) -> Result<Self, &'static str> {
        let text = |path: &[&str]| object.path(path).and_then(Node::as_str).map(str::to_owned);
        Self::new(text)
    }

    /// Of an object; why it is none, if it has no kind or no name.
    pub(super) fn of_tree(object: &Tree) -> Result<Self, &'static str> {
        let text = |path: &[&str]| object.path(path).and_then(Tree::as_str).map(str::to_owned);
        Self::new(text)
    }

    fn new(text: impl Fn(&[&str]) -> Option<String>) -> Result<Self, &'static str> {
        let filled = |path: &[&str]| text(path).filter(|text| !text.is_empty());
        Ok(Self {
            api_version: text(&["apiVersion"]).unwrap_or_default(),
            kind: filled(&["kind"]).ok_or("it has no kind")?,
            name: filled(&["metadata", "name"]).ok_or("it has no metadata.name")?,
            namespace: text(&["metadata", "namespace"]).unwrap_or_default(),
        })
    }

    pub(super) fn is_cluster_scoped(&self) -> bool {
        is_cluster_scoped(&self.api_version, &self.kind)
    }

    pub(super) fn id(&self) -> Id {
        let namespace = match self.namespace.as_str() {
            _ if self.is_cluster_scoped() => NO_NAMESPACE,
            "" => "default",
            namespace => namespace,
        };
        Id {
            api_version: self.api_version.clone(),
            kind: self.kind.clone(),
            name: self.name.clone(),
            namespace: namespace.to_owned(),
        }
    }
}

impl Id {
    pub(super) fn is_cluster_scoped(&self) -> bool {
        self.namespace == NO_NAMESPACE
    }

    /// As patches know it.
    pub(super) fn called(&self) -> Called {
        Called {
            kind: self.kind.clone(),
            name: self.name.clone(),
            namespace: self.namespace.clone(),
        }
    }

    /// For a person.
    pub(super) fn shown(&self) -> String {
        match self.is_cluster_scoped() {
            true => format!("{} {}", self.kind, self.name),
            false => format!("{} {}/{}", self.kind, self.namespace, self.name),
        }
    }
}

/// The group and the version of an `apiVersion`.
pub(super) fn split(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

/// Kinds that kustomize knows to belong to no namespace; of those it does not know, it believes that
/// they do. Each group with its versions. `kustomize: kyaml/openapi/openapi.go`.
const CLUSTER_SCOPED: &[(&str, &[&str], &[&str])] = &[
    (
        "",
        &["v1"],
        &[
            "ComponentStatus",
            "Namespace",
            "Node",
            "NodeProxyOptions",
            "PersistentVolume",
        ],
    ),
    (
        "admissionregistration.k8s.io",
        &["v1", "v1beta1"],
        &[
            "MutatingWebhookConfiguration",
            "ValidatingWebhookConfiguration",
        ],
    ),
    (
        "apiextensions.k8s.io",
        &["v1", "v1beta1"],
        &["CustomResourceDefinition"],
    ),
    (
        "apiregistration.k8s.io",
        &["v1", "v1beta1"],
        &["APIService"],
    ),
    (
        "certificates.k8s.io",
        &["v1", "v1beta1"],
        &["CertificateSigningRequest"],
    ),
    (
        "flowcontrol.apiserver.k8s.io",
        &["v1beta1"],
        &["FlowSchema", "PriorityLevelConfiguration"],
    ),
    ("networking.k8s.io", &["v1", "v1beta1"], &["IngressClass"]),
    ("node.k8s.io", &["v1", "v1beta1"], &["RuntimeClass"]),
    ("policy", &["v1beta1"], &["PodSecurityPolicy"]),
    (
        "rbac.authorization.k8s.io",
        &["v1", "v1beta1"],
        &["ClusterRole", "ClusterRoleBinding"],
    ),
    ("scheduling.k8s.io", &["v1", "v1beta1"], &["PriorityClass"]),
    (
        "storage.k8s.io",
        &["v1", "v1beta1"],
        &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"],
    ),
];

fn is_cluster_scoped(api_version: &str, kind: &str) -> bool {
    let (group, version) = split(api_version);
    CLUSTER_SCOPED.iter().any(|(known, versions, kinds)| {
        *known == group && versions.contains(&version) && kinds.contains(&kind)
    })
}
