//! What is compared: objects, and documents that are none.

use std::sync::Arc;

use super::File;
use super::mesh;
use crate::finding::ResourceRef;
use crate::k8s::{Shape, shape};
use crate::model::Pointer;
use crate::syntax::{Document, Node, locate};
use crate::text::SourceFile;

/// An object, or a document that is none.
pub(super) struct Object<'a> {
    /// The name of its file.
    pub(super) file: Arc<str>,
    pub(super) source: &'a SourceFile,
    pub(super) document: &'a Document,
    pub(super) node: Node<'a>,
    /// Where in the document.
    pub(super) inside: Pointer,
    /// What it is; nothing if it is no object.
    pub(super) is: Option<Is<'a>>,
}

/// What an object is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Is<'a> {
    pub(super) group: &'a str,
    pub(super) version: &'a str,
    pub(super) kind: &'a str,
}

/// What names an object: group, kind, namespace as it is written, name.
pub(super) type Key<'a> = (&'a str, &'a str, Option<&'a str>, String);

/// All objects of some files, in their order.
pub(super) fn objects<'a>(files: &[File<'a>]) -> Vec<Object<'a>> {
    let mut files: Vec<&File<'a>> = files.iter().collect();
    files.sort_by_key(|file| file.source.name());
    let mut found = Vec::new();
    for file in files {
        let name: Arc<str> = file.source.name().into();
        for document in file.documents {
            let opened = Opened {
                file: Arc::clone(&name),
                source: file.source,
                document,
            };
            opened.open(document.root(), Pointer::root(), None, &mut found);
        }
    }
    found
}

struct Opened<'a> {
    file: Arc<str>,
    source: &'a SourceFile,
    document: &'a Document,
}

impl<'a> Opened<'a> {
    fn open(
        &self,
        node: Node<'a>,
        inside: Pointer,
        of: Option<(&'a str, &'a str)>,
        found: &mut Vec<Object<'a>>,
    ) {
        let is = match shape(node, of) {
            Shape::List { items, of } => {
                for (at, item) in items.items().enumerate() {
                    self.open(item, inside.join("items").join(at), of, found);
                }
                return;
            }
            Shape::Object { api_version, kind } => {
                let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
                Some(Is {
                    group,
                    version,
                    kind,
                })
            }
            Shape::Other => None,
        };
        found.push(Object {
            file: Arc::clone(&self.file),
            source: self.source,
            document: self.document,
            node,
            inside,
            is,
        });
    }
}

impl<'a> Object<'a> {
    /// What names it; nothing if it has no name.
    pub(super) fn key(&self) -> Option<Key<'a>> {
        let is = self.is.as_ref()?;
        let text = |key| self.node.path(&["metadata", key]).and_then(Node::as_str);
        let name = match (text("name"), text("generateName")) {
            (Some(name), _) => name.to_owned(),
            (None, Some(prefix)) => format!("{prefix}*"),
            // read by the installer, not by the API server
            (None, None) if is.group == "install.istio.io" => "unnamed".to_owned(),
            (None, None) => return None,
        };
        let namespace = text("namespace").filter(|name| !name.is_empty());
        Some((is.group, is.kind, namespace, name))
    }

    /// Its name, as it is written.
    pub(super) fn resource(&self) -> Option<ResourceRef> {
        let (group, kind, namespace, name) = self.key()?;
        Some(ResourceRef {
            kind: kind.into(),
            group: group.into(),
            namespace: namespace.map(Into::into),
            name: name.into(),
        })
    }

    /// Whether it is this kind of this group.
    pub(super) fn is(&self, group: &str, kind: &str) -> bool {
        let is = self.is.as_ref();
        is.is_some_and(|is| is.group == group && is.kind == kind)
    }

    /// Whether a mesh reads it as a whole.
    pub(super) fn is_of_mesh(&self) -> bool {
        match &self.is {
            Some(is) => mesh::owns(is.group, is.kind),
            None => self.document.consul().is_some(),
        }
    }

    /// The line to show for it: an object as a whole is shown where it is named.
    pub(super) fn line(&self) -> u32 {
        let field = if self.is.is_some() {
            "/metadata/name"
        } else {
            ""
        };
        let place = locate(self.document, &self.inside.append(field));
        self.source.line_at(place.anchor().start)
    }
}
