//! Why a kustomization is not built.

use crate::model::{Place, Problem, ProblemKind};
use crate::syntax::Node;
use crate::text::Span;

/// Why a kustomization is not built.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) place: Place,
    pub(super) cause: Cause,
}

/// Whose limit it is.
#[derive(Debug, Clone)]
pub(super) enum Cause {
    /// kustomize does not build it either.
    Broken(String),
    /// It uses what is not understood: the field, or what else it is.
    Beyond(String),
}

impl Failure {
    /// At something that kustomize refuses as well.
    pub(super) fn broken(at: Span, reason: impl Into<String>) -> Self {
        Self {
            place: Place::Span(at),
            cause: Cause::Broken(reason.into()),
        }
    }

    /// At something that is not understood.
    pub(super) fn beyond(at: Span, what: impl Into<String>) -> Self {
        Self {
            place: Place::Span(at),
            cause: Cause::Beyond(what.into()),
        }
    }
}

/// A text that has to be one.
pub(super) fn text<'a>(node: Node<'a>, what: &str) -> Result<&'a str, Failure> {
    node.as_str()
        .ok_or_else(|| Failure::broken(node.span(), format!("{what} is no text")))
}

/// Something that is missing without keeping the rest from being judged.
pub(super) fn lost(at: Span, reason: impl Into<String>) -> Problem {
    Problem::new(
        ProblemKind::UnrenderedKustomization,
        reason,
        Place::Span(at),
    )
}

/// Something that was assumed.
pub(super) fn assumed(at: Span, reason: impl Into<String>) -> Problem {
    Problem::new(ProblemKind::Assumption, reason, Place::Span(at))
}
