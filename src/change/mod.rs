//! What two states of the configuration differ in: which fields somebody wrote, and what that changed
//! in force. Knows no commits; who wrote it is asked elsewhere.

mod account;
mod apart;
mod attribute;
mod compare;
mod digest;
mod felt;
mod fields;
mod force;
mod lines;
mod pairs;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod sample;

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use crate::finding::{ResourceRef, Severity};
use crate::model::{Pointer, Transport};
use crate::reach::Verdict;

pub use apart::{Decider, Divided, Fared, Reach, divided};
pub use attribute::attribute;
pub use compare::compare;
pub use digest::{digest, exact};
pub use felt::{Difference, Felt, Reasons};
pub use fields::{File, Traced, compare as fields, resources, trace};
pub use force::{InForce, Known};
pub use lines::Lines;

/// A place in a file that stays the same while other files come and go: no number of a run is in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Written {
    /// The name of the file.
    pub file: Arc<str>,
    /// Which of its documents: [`crate::syntax::Document::number`].
    pub document: usize,
    /// Where in the document, from its outermost node on; in a list of objects it begins with
    /// `/items/3`.
    pub pointer: Pointer,
}

/// One field that differs, or an object that came, went, or moved to another file.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange {
    /// The object, as it is written; none in a document that is no object.
    pub resource: Option<ResourceRef>,
    /// The field in the object, as it is called afterwards, or was before if it is gone; empty for
    /// the whole object.
    pub field: String,
    /// How it was; nothing if it was not there.
    pub before: Option<Side>,
    /// How it is; nothing if it is gone. Both sides there and `field` empty: the object moved.
    pub after: Option<Side>,
    /// Whether it is routing, policy or a setting of a mesh: such a change is told even if nothing came
    /// of it, any other only for what it did.
    pub of_mesh: bool,
}

/// A field on one side of a change.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    /// Where it is written.
    pub at: Written,
    /// Its line, from 1.
    pub line: u32,
    /// What is written there. Null for what is not to be shown: secrets, and whole objects that no mesh
    /// defines.
    pub value: Value,
}

/// What a change did to what is in force, in the environments it is part of.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Effects {
    /// Ports that take another transport than before.
    pub listeners: Vec<ListenerChange>,
    /// Calls that get through and did not, or surely do and only might have.
    pub opened: Vec<EdgeChange>,
    /// Calls that got through and do not any more, or only might.
    pub closed: Vec<EdgeChange>,
    /// Calls that still get through, over a weaker transport.
    pub downgraded: Vec<EdgeChange>,
    /// Calls that still get through, over a stronger transport.
    pub upgraded: Vec<EdgeChange>,
    /// Logs that are written to another extent than before.
    pub logging: Vec<LogChange>,
    /// Findings that were not there.
    pub introduced: Vec<FindingChange>,
    /// Findings that are not there any more.
    pub resolved: Vec<FindingChange>,
}

impl Effects {
    /// All calls whose fate changed.
    pub fn calls(&self) -> impl Iterator<Item = &EdgeChange> {
        let lists = [&self.opened, &self.closed, &self.downgraded, &self.upgraded];
        lists.into_iter().flatten()
    }
}

/// A port whose transport changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ListenerChange {
    /// The environment.
    pub environment: Arc<str>,
    /// `namespace/name:port`.
    pub listener: Arc<str>,
    /// What it took: `required`, `permissive`, `plaintext`.
    pub before: &'static str,
    /// What it takes.
    pub after: &'static str,
}

/// A call whose fate changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EdgeChange {
    /// The environment.
    pub environment: Arc<str>,
    /// Who calls: `namespace/name`, or `external`.
    pub from: Arc<str>,
    /// What is called: `namespace/name:port`.
    pub to: Arc<str>,
    /// How it was; nothing where one of the two was not there.
    pub before: Option<EdgeState>,
    /// How it is; nothing where one of the two is gone.
    pub after: Option<EdgeState>,
}

/// Whether a call gets through, and over what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct EdgeState {
    /// Whether any request gets through.
    pub verdict: Verdict,
    /// The weakest transport of those that do; nothing where none does.
    pub transport: Option<Transport>,
}

/// A log that is written to another extent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LogChange {
    /// The environment.
    pub environment: Arc<str>,
    /// `access` or `audit`.
    pub log: &'static str,
    /// Whose: `namespace/name` of a workload, or a mesh (`istio`).
    pub of: Arc<str>,
    /// How much was written: `on`, `partial`, `off`, `unknown`; nothing where there was no such workload.
    pub before: Option<&'static str>,
    /// How much is written.
    pub after: Option<&'static str>,
}

/// A finding that came or went.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct FindingChange {
    /// The environment.
    pub environment: Arc<str>,
    /// The rule.
    pub rule: Arc<str>,
    /// How bad it is.
    pub severity: Severity,
    /// What it says.
    pub message: String,
    /// What names it even after its lines moved.
    pub fingerprint: String,
}

/// Whether less is defended than before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Something is less defended. What is both weaker and stronger counts as weaker.
    Weaker,
    /// Something is better defended.
    Stronger,
    /// Neither.
    Neutral,
}

/// One change with what it did.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// What was written.
    pub field: FieldChange,
    /// Whether that made anything weaker.
    pub direction: Direction,
    /// What it changed in force.
    pub effects: Effects,
}
