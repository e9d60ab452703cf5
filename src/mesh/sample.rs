//! Small environments for unit tests.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use crate::k8s::Index;
use crate::model::Problem;
use crate::render;
use crate::syntax::parse;
use crate::text::{SourceFile, Sources};

/// The environment that files make up, and what was wrong with them.
pub fn index(files: &[(&str, &str)]) -> (Arc<Index>, Vec<Problem>) {
    let mut sources = Sources::default();
    let (mut documents, mut problems) = (Vec::new(), Vec::new());
    for (name, text) in files {
        let file = sources.add(SourceFile::new(*name, *text));
        let (read, failed) = parse(file, sources.get(file));
        documents.extend(read);
        problems.extend(failed);
    }
    problems.extend(render::embedded::attach(&sources, &mut documents));
    let (environments, problems) = render::environments(&sources, &documents, problems);
    let (index, mut more) = Index::build(environments.first().unwrap(), Arc::new(documents));
    more.extend(problems);
    (Arc::new(index), more)
}
