//! What is in force in one environment, by names and written places only: it outlives the world it was
//! read from, and can be compared with that of another commit.
//!
//! Who may call whom stays as compact as in the graph: a listener tells groups of clients apart, and
//! pairs are made only of what differs.

mod asked;
mod read;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{EdgeState, Written};
use crate::finding::{ResourceRef, Severity};
use crate::model::{Membership, Pointer, TlsAcceptance};
use crate::reach::Verdict;

pub use asked::Known;

/// What is in force in one environment.
#[derive(Debug, Clone)]
pub struct InForce {
    pub(super) environment: Arc<str>,
    meshed: bool,
    /// All workloads, by name.
    pub(super) clients: Vec<Client>,
    /// By name.
    pub(super) listeners: Vec<Listener>,
    /// By kind and name.
    pub(super) logs: Vec<Log>,
    /// By fingerprint.
    pub(super) findings: Vec<Found>,
    objects: BTreeMap<Written, ResourceRef>,
}

/// A workload, as one that calls.
#[derive(Debug, Clone)]
pub(super) struct Client {
    /// `namespace/name`; `~2` behind it for the second workload of that name.
    pub name: Arc<str>,
    /// Its object.
    pub object: ResourceRef,
    /// Those of a class fare the same everywhere; the number means something in this environment only.
    pub class: u32,
    /// What a listener says of all but some classes it says of a base.
    pub base: u32,
    pub places: Arc<Places>,
}

/// A port of a workload.
#[derive(Debug, Clone)]
pub(super) struct Listener {
    /// `namespace/name:port`.
    pub name: Arc<str>,
    /// The name of its workload.
    pub server: Arc<str>,
    pub tls: TlsAcceptance,
    pub places: Arc<Places>,
    /// How the classes that it tells apart fare, in ascending order; nothing for those that do not
    /// come this way.
    pub classes: Vec<(u32, Option<Fate>)>,
    /// How the others fare, by base, in ascending order.
    pub bases: Vec<(u32, Fate)>,
    /// How clients outside fare, if they get here at all.
    pub outside: Option<Fate>,
}

/// What becomes of calls, and because of what.
#[derive(Debug, Clone)]
pub(super) struct Fate {
    pub state: EdgeState,
    pub places: Arc<Places>,
}

/// How much of a log is written.
#[derive(Debug, Clone)]
pub(super) struct Log {
    /// `access` or `audit`.
    pub log: &'static str,
    /// A workload, or a mesh.
    pub of: Arc<str>,
    pub state: &'static str,
    pub places: Arc<Places>,
}

/// A finding.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub fingerprint: String,
    pub rule: Arc<str>,
    pub severity: Severity,
    pub message: String,
    pub places: Arc<Places>,
}

/// Where something was decided, or what it is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Places {
    /// Written lines that decided, the most telling first.
    pub decided: Vec<Written>,
    /// Of a call: the written line that decided what the client sends.
    pub sent: Vec<Written>,
    /// Of a listener and a client: the written line that decided whether it is in a mesh.
    pub membership: Vec<Written>,
    /// The object that is there or not: of a listener and a client, its workload.
    pub object: Option<Written>,
    /// Of a listener: what shows that the port is there.
    pub port: Vec<Written>,
    /// What else it hangs on; what a default is about, where nobody wrote anything.
    pub around: Vec<Written>,
    /// Of a listener and a client: what was decided.
    pub says: (Option<TlsAcceptance>, Option<Membership>),
    /// Of a call: whether a rule about callers or a way in decided, which are written for it.
    pub by_rule: bool,
}

impl Log {
    /// What it is found by.
    pub(super) fn key(&self) -> (&'static str, &str) {
        (self.log, &self.of)
    }
}

impl EdgeState {
    /// A call that does not get through.
    pub(super) const CLOSED: Self = Self {
        verdict: Verdict::Deny,
        transport: None,
    };
}

impl InForce {
    /// The environment's name.
    pub fn environment(&self) -> &Arc<str> {
        &self.environment
    }

    /// Whether there is a mesh in it; if not, no rule judges it.
    pub fn is_meshed(&self) -> bool {
        self.meshed
    }

    /// The name of the object at a place or around it, as findings name it.
    pub fn resource(&self, at: &Written) -> Option<&ResourceRef> {
        let mut root = roots(&at.pointer);
        root.find_map(|end| self.objects.get(&at.shortened(end)))
    }

    /// The places of all workloads of a name, whatever number is behind it.
    pub(super) fn of_name(&self, name: &str) -> impl Iterator<Item = &Written> {
        let first = name
            .split_once('~')
            .map_or(name, |(first, _)| first)
            .to_owned();
        let all = (1..).map_while(move |number| {
            let name = match number {
                1 => first.clone(),
                more => format!("{first}~{more}"),
            };
            let at = self.clients.binary_search_by(|one| (*one.name).cmp(&name));
            self.clients.get(at.ok()?)
        });
        all.filter_map(|client| client.places.object.as_ref())
    }

    /// All objects, each with its place.
    pub(super) fn objects(&self) -> impl Iterator<Item = (&Written, &ResourceRef)> {
        self.objects.iter()
    }
}

impl Written {
    /// The same document, as much of the pointer as its first `end` bytes say.
    pub(super) fn shortened(&self, end: usize) -> Self {
        let pointer = self.pointer.as_str().get(..end).unwrap_or("");
        Self {
            file: Arc::clone(&self.file),
            document: self.document,
            pointer: Pointer::new(pointer),
        }
    }

    /// The object it is in, by its pointer alone: lists of objects are what has items.
    pub(super) fn object(&self) -> Self {
        self.shortened(roots(&self.pointer).next().unwrap_or(0))
    }

    /// Whether it is an object as a whole.
    pub fn is_object(&self) -> bool {
        roots(&self.pointer).next() == Some(self.pointer.as_str().len())
    }
}

/// Where the objects end that a place may be in, innermost first: after each `/items/3` that the
/// pointer begins with, and at its start.
fn roots(pointer: &Pointer) -> impl Iterator<Item = usize> {
    let mut ends = vec![0];
    let mut rest = pointer.as_str();
    while let Some(below) = rest.strip_prefix("/items/") {
        let digits = below.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = below.split_at(digits);
        if number.is_empty() || !(after.is_empty() || after.starts_with('/')) {
            break;
        }
        rest = after;
        ends.push(pointer.as_str().len() - rest.len());
    }
    ends.into_iter().rev()
}
