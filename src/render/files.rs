use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use crate::syntax::Document;
use crate::text::{FileId, SourceFile, Sources, Span};

/// The files of a scan by name, and the documents by file.
pub(super) struct Files<'a> {
    sources: &'a Sources,
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
            sources,
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

    /// How many documents were read.
    pub(super) fn count(&self) -> usize {
        self.documents.len()
    }

    /// All documents, in the order of their files.
    pub(super) fn all_documents(&self) -> impl Iterator<Item = &'a Document> {
        self.documents.iter()
    }

    /// The files below a directory: what of each name lies in there, and the file.
    pub(super) fn below(&self, directory: &str) -> impl Iterator<Item = (&'a str, FileId)> {
        let start = match directory {
            "." => String::new(),
            directory => format!("{directory}/"),
        };
        let length = start.len();
        let all = self
            .ids
            .range::<str, _>((Bound::Included(start.as_str()), Bound::Unbounded));
        let all: Vec<(&'a str, FileId)> = all
            .take_while(|(name, _)| name.starts_with(&start))
            .map(|(&name, &id)| (name, id))
            .collect();
        let inside = all
            .into_iter()
            .filter_map(move |(name, id)| Some((name.get(length..)?, id)));
        inside.filter(move |(name, _)| {
            length > 0 || !name.starts_with(['/']) && !name.starts_with("../")
        })
    }

    pub(super) fn id(&self, name: &str) -> Option<FileId> {
        self.ids.get(name).copied()
    }

    /// The file that a place is in.
    pub(super) fn source(&self, file: FileId) -> &'a SourceFile {
        self.sources.get(file)
    }

    /// All that a file holds.
    pub(super) fn text(&self, file: FileId) -> &'a str {
        self.source(file).text()
    }

    /// What is written at a place.
    pub(super) fn slice(&self, span: Span) -> &'a str {
        self.sources.slice(span)
    }

    /// A file and a line, for a person.
    pub(super) fn line(&self, span: Span) -> String {
        let file = self.source(span.file).name();
        format!("{file}:{}", self.sources.start(span).line)
    }

    /// A document.
    pub(super) fn document(&self, index: usize) -> Option<&'a Document> {
        self.documents.get(index)
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
