//! Documents → objects: lists are opened, names and namespaces settled.

use std::sync::Arc;

use super::resource::{Resource, ResourceKey};
use super::shape::{Shape, shape};
use crate::model::{Labels, Place, Pointer, Problem, ProblemKind};
use crate::render::{self, Member};
use crate::syntax::{Document, Node, Value};

/// Kinds without a namespace, of the groups that are read.
const CLUSTER_SCOPED: &[&str] = &[
    "APIService",
    "CSIDriver",
    "CertificateSigningRequest",
    "ClusterIssuer",
    "ClusterPolicy",
    "ClusterRole",
    "ClusterRoleBinding",
    "ClusterWorkloadAttachment",
    "ComponentStatus",
    "CustomResourceDefinition",
    "GatewayClass",
    "IngressClass",
    "Istio",
    "IstioCNI",
    "IstioRevision",
    "IstioRevisionTag",
    "MutatingWebhookConfiguration",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PodSecurityPolicy",
    "PriorityClass",
    "RuntimeClass",
    "StorageClass",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
    "VolumeAttachment",
    "ZTunnel",
];

/// The namespace that an object of a kind is in: the one that it is put in, the one that is written in it,
/// or the default one; nothing for kinds that belong to none.
pub fn namespace_of<'n>(
    kind: &str,
    written: Option<&'n str>,
    placed: Option<&'n render::Namespace>,
) -> Option<&'n str> {
    let written = written.filter(|name| !name.is_empty());
    let placed = placed.filter(|placed| !placed.only_if_none || written.is_none());
    let placed = placed.map(|namespace| &*namespace.name);
    let is_scoped = !CLUSTER_SCOPED.contains(&kind);
    is_scoped.then(|| placed.or(written).unwrap_or("default"))
}

/// The objects of a document: none if it is not a Kubernetes document.
pub(super) fn objects(document: &Document, member: &Member) -> (Vec<Resource>, Vec<Problem>) {
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    let context = Context { member };
    context.open(
        document.root(),
        Pointer::root(),
        None,
        &mut found,
        &mut problems,
    );
    (found, problems)
}

struct Context<'a> {
    member: &'a Member,
}

impl Context<'_> {
    /// `of` is the apiVersion and kind that a list gives items which do not say.
    fn open(
        &self,
        node: Node<'_>,
        inside: Pointer,
        of: Option<(&str, &str)>,
        found: &mut Vec<Resource>,
        problems: &mut Vec<Problem>,
    ) {
        match shape(node, of) {
            Shape::Other => {}
            Shape::List { items, of } => {
                for (at, item) in items.items().enumerate() {
                    self.open(item, inside.join("items").join(at), of, found, problems);
                }
            }
            Shape::Object { api_version, kind } => {
                found.extend(self.object(node, inside, api_version, kind, problems));
            }
        }
    }

    fn object(
        &self,
        node: Node<'_>,
        inside: Pointer,
        api_version: &str,
        kind: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Resource> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let metadata = node.get("metadata");
        let text = |key| metadata.and_then(|m| m.get(key)).and_then(|n| n.as_str());
        let name: Arc<str> = match (text("name"), text("generateName")) {
            (Some(name), _) => name.into(),
            // each object made of it gets a name of its own: it has no twin
            (None, Some(prefix)) => format!("{prefix}*{}{inside}", self.member.document).into(),
            // read by the installer, not by the API server
            (None, None) if group == "install.istio.io" => "unnamed".into(),
            (None, None) => {
                problems.push(Problem::new(
                    ProblemKind::Rejected,
                    format!("this {kind} has no metadata.name; the API server refuses it, so it is not judged"),
                    Place::Span(node.span()),
                ));
                return None;
            }
        };
        let written = text("namespace");
        let placed = self.member.namespace.as_ref();
        let namespace = namespace_of(kind, written, placed);
        let is_said = placed.is_some() || written.is_some_and(|name| !name.is_empty());
        let key = ResourceKey {
            group: group.into(),
            kind: kind.into(),
            namespace: namespace.map(Into::into),
            name,
        };
        Some(Resource {
            address: key.address().into(),
            key,
            version: version.into(),
            namespace_assumed: namespace.is_some() && !is_said,
            labels: string_map(metadata.and_then(|m| m.get("labels")), "label", problems),
            annotations: string_map(
                metadata.and_then(|m| m.get("annotations")),
                "annotation",
                problems,
            ),
            created: text("creationTimestamp").map(Into::into),
            document: self.member.document,
            inside,
            contested: false,
        })
    }
}

/// Labels or annotations. The API server takes texts only; what is none is not applied.
pub(super) fn string_map(
    node: Option<Node<'_>>,
    what: &str,
    problems: &mut Vec<Problem>,
) -> Labels {
    let mut map = Labels::new();
    for entry in node.into_iter().flat_map(Node::entries) {
        match entry.value.value() {
            Value::Text(text) => {
                map.insert(entry.key.into(), text.into());
            }
            _ => problems.push(Problem::new(
                ProblemKind::Rejected,
                format!(
                    "the value of {what} {} is no text, so the API server refuses this object; put it in quotes",
                    entry.key
                ),
                Place::Span(entry.value.span()),
            )),
        }
    }
    map
}
