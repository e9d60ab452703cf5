//! Text to documents: a tree of nodes that know their place.
//!
//! Values are those that `kubectl apply` would send to the API server, so the rules are the ones
//! of its YAML reader (YAML 1.1 booleans, octal numbers, merge keys), and not those of YAML 1.2.
//! [`parse`] never fails: what cannot be read becomes a [`Problem`](crate::model::Problem), and
//! the documents around it still come out.

mod builder;
mod comment;
mod de;
mod document;
mod embedded;
mod locate;
mod mapping;
mod node;
mod position;
mod scalar;
mod split;
mod yaml;

pub use comment::Comment;
pub use de::{DeError, from_node, unknown_fields};
pub use document::Document;
pub use embedded::embedded;
pub use locate::{Located, locate};
pub use node::{Entry, Node, NodeId, Value};
pub use yaml::parse;

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
