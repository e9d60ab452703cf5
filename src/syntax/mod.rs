//! Text to documents: a tree of nodes that know their place.
//!
//! Values are those that `kubectl apply` would send to the API server, so the rules are the ones
//! of its YAML reader (YAML 1.1 booleans, octal numbers, merge keys), and not those of YAML 1.2.
//! Files of HCL are read as Consul reads them. [`parse`] never fails: what cannot be read becomes a
//! [`Problem`], and the documents around it still come out.

mod builder;
mod comment;
mod consul;
mod de;
mod document;
mod embedded;
mod hcl;
mod locate;
mod mapping;
mod node;
mod position;
mod problem;
mod scalar;
mod split;
mod tree;
mod yaml;

pub use comment::Comment;
pub use consul::Consul;
pub use de::{DeError, from_node, unknown_fields};
pub use document::Document;
pub use embedded::{embedded, embedded_all};
pub use locate::{Located, locate, pointer_to};
pub use node::{Entry, Node, NodeId, Value};
pub use tree::{Field, Kind, Tree, Written};

use crate::model::Problem;
use crate::text::{FileId, SourceFile};

/// Reads all documents of a file, in their order: of one whose name ends in `.hcl` those of Consul,
/// of any other those of YAML or JSON.
///
/// A document that cannot be read is a problem at the line of the error; if the file looks like a
/// template, the problem is that it is not rendered. Documents without content are nothing.
pub fn parse(file: FileId, source: &SourceFile) -> (Vec<Document>, Vec<Problem>) {
    if source.name().ends_with(".hcl") {
        return hcl::parse(file, source);
    }
    let (mut documents, problems) = yaml::parse(file, source);
    for document in &mut documents {
        document.consul = Consul::of_json(document.root(), source);
    }
    (documents, problems)
}

/// Largest file that is read, in bytes.
pub const MAX_FILE_BYTES: usize = 32 * 1024 * 1024;

/// Deepest nesting of collections in a document, followed through aliases.
pub const MAX_DEPTH: u32 = 256;

/// Most documents of a file that are read.
pub const MAX_DOCUMENTS: usize = 100_000;

/// Most nodes a document may have once its aliases are written out.
pub const MAX_EXPANDED_NODES: u64 = 2_000_000;

#[cfg(test)]
mod tests;
