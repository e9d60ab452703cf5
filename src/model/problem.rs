use super::At;
use crate::text::{FileId, Span};

/// Something about an input that is not a finding: it could not be read, or not be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which sort of problem.
    pub kind: ProblemKind,
    /// What is wrong and what to do, for a person.
    pub message: String,
    /// Where.
    pub place: Place,
}

/// Where a problem is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In no file.
    Nowhere,
    /// In a file that could not be read (its name).
    Path(String),
    /// In a file as a whole.
    File(FileId),
    /// In a part of a file.
    Span(Span),
    /// At a field of a resource.
    At(At),
}

macro_rules! problem_kinds {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal, $incomplete:literal;)+) => {
        /// The sorts of problem. Their names are part of the JSON output.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ProblemKind { $($(#[doc = $doc])+ $variant,)+ }

        impl ProblemKind {
            /// The name in reports.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// Whether something stayed unread or unjudged, so that the job is incomplete.
            pub fn is_incomplete(self) -> bool {
                match self { $(Self::$variant => $incomplete,)+ }
            }
        }
    };
}

problem_kinds! {
    /// A file or document that could not be read.
    UnreadableManifest = "unreadable-manifest", true;
    /// A template that has to be rendered first.
    UnrenderedTemplate = "unrendered-template", true;
    /// A kustomization that uses more than is understood.
    UnrenderedKustomization = "unrendered-kustomization", true;
    /// Something that is applied and not followed, or not as it is applied.
    NotFollowed = "not-followed", true;
    /// An object or a field with a security meaning that is not understood.
    NotUnderstood = "not-understood", true;
    /// A rule that failed or was cut off.
    RuleFailed = "rule-failed", true;
    /// An object the API server or the mesh's admission webhook refuses: it will not exist.
    Rejected = "rejected-object", false;
    /// Two objects with one key in one environment.
    DuplicateObject = "duplicate-object", false;
    /// One key twice in a mapping; the last one counts.
    DuplicateKey = "duplicate-key", false;
    /// A field the resource does not have: the API server drops it.
    UnknownField = "unknown-field", false;
    /// A version of a known kind that is not known.
    UnknownVersion = "unknown-version", true;
    /// A reference to something that is not there.
    DanglingReference = "dangling-reference", false;
    /// Something that had to be assumed.
    Assumption = "assumption", false;
}

impl Problem {
    /// A problem with a place.
    pub fn new(kind: ProblemKind, message: impl Into<String>, place: Place) -> Self {
        Self {
            kind,
            message: message.into(),
            place,
        }
    }

    /// A problem at a field.
    pub fn at(kind: ProblemKind, message: impl Into<String>, at: At) -> Self {
        Self::new(kind, message, Place::At(at))
    }
}
