//! What a rule found: the result model, apart from rules and from reports.
//!
//! A finding speaks of places by address; [`Addresses`] says where in the files an address is.

mod fingerprint;
mod group;
mod introduced;
mod severity;
mod since;

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::model::Pointer;
use crate::text::{FileId, Span};

pub use group::{by_address, collect};
pub use introduced::Introduced;
pub use severity::Severity;
pub use since::{Earlier, newer};

/// One thing a rule found, at the place that decided it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Id of the rule: `area/name`.
    pub rule: Arc<str>,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, for a person, in one line.
    pub message: String,
    /// What to do about it.
    pub remediation: Arc<str>,
    /// The address the rule named; opaque.
    pub at: String,
    /// Where that is.
    pub site: Site,
    /// Other places that belong to it.
    pub related: Vec<Related>,
    /// The environments it was found in, in the order they were judged.
    pub environments: Vec<String>,
    /// Controls the rule serves, `framework/id`.
    pub controls: Arc<[String]>,
    /// Who wrote it and when; `None` outside of git, and until somebody asked.
    pub introduced: Option<Introduced>,
    /// Names the finding even after its lines moved; empty until [`collect`] has seen it.
    pub fingerprint: String,
}

/// A place that belongs to a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// What it has to do with the finding.
    pub message: String,
    /// The address the rule named; opaque.
    pub at: String,
    /// Where that is.
    pub site: Site,
}

/// Where an address is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Site {
    /// The object; `None` for an address that is not in one (a file that could not be read).
    pub resource: Option<ResourceRef>,
    /// The field, as a JSON Pointer; empty for the whole object.
    pub field: String,
    /// Which steps of `field` are keys though they look like places in a list, counted from 0: port
    /// `8080` in `/spec/portLevelMtls/8080/mode`.
    pub keys: Vec<usize>,
    /// Its place in the files, on one line; `None` for what was read from a cluster.
    pub span: Option<Span>,
    /// The file, which document of it that is, and where in it, from its outermost node on.
    pub inside: Option<(FileId, usize, Pointer)>,
}

impl Site {
    /// The steps of the field; nothing in the place of each that is a place in a list.
    fn steps(&self) -> impl Iterator<Item = Option<&str>> {
        let steps = self.field.split('/').skip(1).enumerate();
        steps.map(|(number, step)| {
            (!looks_like_place(step) || self.keys.contains(&number)).then_some(step)
        })
    }
}

/// Whether a step of a pointer may be a place in a list: it is a number.
pub fn looks_like_place(step: &str) -> bool {
    !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit())
}

/// The name of an object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct ResourceRef {
    /// Kind, as written: `PeerAuthentication`.
    pub kind: Arc<str>,
    /// API group without its version; empty for the core group.
    pub group: Arc<str>,
    /// Namespace; `None` for what belongs to the whole cluster.
    pub namespace: Option<Arc<str>>,
    /// Name.
    pub name: Arc<str>,
}

impl fmt::Display for ResourceRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        if !self.group.is_empty() {
            write!(f, ".{}", self.group)?;
        }
        if let Some(namespace) = &self.namespace {
            write!(f, "/{namespace}")?;
        }
        write!(f, "/{}", self.name)
    }
}

/// Knows where addresses are. One environment has one.
pub trait Addresses {
    /// Where `at` is; `None` when it is no address of this environment.
    fn resolve(&self, at: &str) -> Option<Site>;

    /// The mesh that what is at `at` belongs to, as facts name it; `None` where that is not one.
    fn mesh(&self, at: &str) -> Option<&'static str>;
}
