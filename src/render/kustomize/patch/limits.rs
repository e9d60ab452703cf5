//! How much a patch or a replacement may make of an object: values that are copied into themselves
//! grow fast.

use super::Refused;
use crate::syntax::{Kind, MAX_DEPTH, MAX_EXPANDED_NODES, Tree};

/// Most operations of a JSON patch, and most items of lists that are merged.
pub const MOST: usize = 4096;

/// How many bytes of a text count as much as a value.
const TEXT: u64 = 16;

/// What may still be written.
#[derive(Debug)]
pub struct Limits {
    nodes: u64,
}

impl Limits {
    /// What one patch, or one list of replacements, may write.
    pub fn new() -> Self {
        Self {
            nodes: MAX_EXPANDED_NODES,
        }
    }

    /// Counts a value that is written below so many others; `at` asks for it.
    pub fn take(&mut self, value: &Tree, below: usize, at: &Tree) -> Result<(), Refused> {
        let (nodes, depth) = measure(value);
        let left = self.nodes.checked_sub(nodes);
        let is_flat = below + depth < MAX_DEPTH as usize;
        self.nodes = left
            .filter(|_| is_flat)
            .ok_or_else(|| Refused::new(at, "this makes more of the object than is looked at"))?;
        Ok(())
    }
}

/// How many values a value consists of, and how deep they are nested.
fn measure(tree: &Tree) -> (u64, usize) {
    let of_all = |parts: &mut dyn Iterator<Item = &Tree>| {
        let all = parts.map(measure);
        all.fold((1, 1), |(nodes, depth), (more, inner)| {
            (nodes + more, depth.max(inner + 1))
        })
    };
    match &tree.kind {
        Kind::List(items) => of_all(&mut items.iter()),
        Kind::Map(fields) => of_all(&mut fields.iter().map(|field| &field.value)),
        Kind::Text(text) => (1 + text.len() as u64 / TEXT, 1),
        _ => (1, 1),
    }
}
