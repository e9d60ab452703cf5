//! Charts, from files to what is installed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod failures;
mod marks;
mod planning;

use super::*;
use crate::syntax::Document;
use crate::text::{SourceFile, Sources};

/// Files as they were read.
struct Read {
    sources: Sources,
    documents: Vec<Document>,
}

impl Read {
    fn new(files: &[(&str, &str)]) -> Self {
        let mut sources = Sources::default();
        let mut documents = Vec::new();
        for (name, text) in files {
            let file = sources.add(SourceFile::new(*name, *text));
            documents.extend(crate::syntax::parse(file, sources.get(file)).0);
        }
        Self { sources, documents }
    }

    fn files(&self) -> Files<'_> {
        Files::new(&self.sources, &self.documents)
    }

    fn releases(&self) -> Vec<String> {
        let files = self.files();
        let releases = Charts::find(&files).releases(&files).into_iter();
        releases.map(|(name, _)| name).collect()
    }

    fn release(&self, wanted: &str) -> Release {
        let files = self.files();
        let mut releases = Charts::find(&files).releases(&files).into_iter();
        releases.find(|(name, _)| name == wanted).unwrap().1
    }

    /// `file:line text` of a place.
    fn shown(&self, span: crate::text::Span) -> String {
        let line = self.sources.start(span).line;
        let name = self.sources.get(span.file).name();
        format!("{name}:{line} {}", self.sources.slice(span))
    }
}
