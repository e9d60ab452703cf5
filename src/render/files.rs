use std::collections::{BTreeMap, HashMap};

use crate::syntax::Document;
use crate::text::{FileId, Sources};

/// The files of a scan by name, and the documents by file.
pub(super) struct Files<'a> {
    ids: BTreeMap<&'a str, FileId>,
    documents: &'a [Document],
    by_file: HashMap<FileId, Vec<usize>>,
}

impl<'a> Files<'a> {
    pub(super) fn new(sources: &'a Sources, documents: &'a [Document]) -> Self {
        let mut by_file: HashMap<FileId, Vec<usize>> = HashMap::new();
        for (index, document) in documents.iter().enumerate() {
            by_file.entry(document.file()).or_default().push(index);
        }
        Self {
            ids: sources.iter().map(|(id, file)| (file.name(), id)).collect(),
            documents,
            by_file,
        }
    }

    /// All names, sorted.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.ids.keys().copied()
    }

    /// All names with their files, sorted by name.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'a str, FileId)> {
        self.ids.iter().map(|(&name, &id)| (name, id))
    }

    pub(super) fn id(&self, name: &str) -> Option<FileId> {
        self.ids.get(name).copied()
    }

    /// Indices of the documents of a file, in its order.
    pub(super) fn indices(&self, file: FileId) -> &[usize] {
        self.by_file.get(&file).map_or(&[], Vec::as_slice)
    }

    pub(super) fn documents(&self, file: FileId) -> impl Iterator<Item = &'a Document> {
        self.indices(file)
            .iter()
            .filter_map(|&index| self.documents.get(index))
    }

    /// Whether a document of the file has the two fields that every object has, or is Consul's own.
    pub(super) fn has_objects(&self, name: &str) -> bool {
        let has = |document: &Document, key| {
            document
                .root()
                .get(key)
                .and_then(|node| node.as_str())
                .is_some()
        };
        self.id(name)
            .into_iter()
            .flat_map(|file| self.documents(file))
            .any(|document| {
                let is_object = has(document, "apiVersion") && has(document, "kind");
                is_object || document.consul().is_some()
            })
    }

    /// Whether a document is a mapping that is no object.
    pub(super) fn is_values(&self, document: usize) -> bool {
        let root = self.documents.get(document).map(Document::root);
        root.is_some_and(|root| {
            root.is_map() && (root.get("apiVersion").is_none() || root.get("kind").is_none())
        })
    }
}
