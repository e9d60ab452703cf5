//! Questions and answers: every way in, each with the steps that decided it.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use serde::Serialize;

use crate::model::{At, Because, Client, InletKind, Request, Transport};

/// May this client call this port?
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// Who calls.
    pub client: Client,
    /// What is called; the address that is dialled, if it is known.
    pub destination: Option<IpAddr>,
    /// The request; none asks whether any request passes.
    pub request: Option<&'a Request>,
    /// Whether the reasons are wanted in full.
    pub explain: bool,
}

/// The answer to a question, or to a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// No.
    Deny,
    /// It cannot be told.
    Unknown,
    /// It depends on something that is named.
    Conditional,
    /// Yes.
    Allow,
}

impl Verdict {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Unknown => "unknown",
            Self::Conditional => "conditional",
            Self::Allow => "allow",
        }
    }
}

/// A part of the way of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// How the call gets to the workload at all.
    Entry,
    /// Where proxies on the way lead it.
    Routing,
    /// What the client's side sends.
    Origination,
    /// What the server's side takes.
    Acceptance,
    /// Who may pass.
    Authorization,
    /// Something that was not looked into.
    Condition,
}

impl Stage {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::Routing => "routing",
            Self::Origination => "origination",
            Self::Acceptance => "acceptance",
            Self::Authorization => "authorization",
            Self::Condition => "condition",
        }
    }
}

/// What came of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It let the call on.
    Passed,
    /// It ended the call.
    Denied,
    /// It may do either.
    Open,
}

impl Outcome {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Denied => "denied",
            Self::Open => "open",
        }
    }
}

/// One stage of the way, and what decided it.
#[derive(Debug, Clone)]
pub struct Step {
    /// The stage.
    pub stage: Stage,
    /// What came of it.
    pub outcome: Outcome,
    /// What came of it, for a person.
    pub text: Cow<'static, str>,
    /// What decided.
    pub because: Because,
}

impl Step {
    /// A step with what decided it.
    pub(super) fn new(
        stage: Stage,
        outcome: Outcome,
        text: impl Into<Cow<'static, str>>,
        because: &Because,
    ) -> Self {
        Self {
            stage,
            outcome,
            text: text.into(),
            because: because.clone(),
        }
    }

    /// A step that a line decided, or that is about it.
    pub(super) fn here(
        stage: Stage,
        outcome: Outcome,
        text: impl Into<Cow<'static, str>>,
        at: At,
    ) -> Self {
        Self {
            stage,
            outcome,
            text: text.into(),
            because: Because::Configured(at),
        }
    }

    /// The address that decided.
    pub fn at(&self) -> &At {
        self.because.at()
    }

    /// Why, for a person.
    pub fn reason(&self) -> String {
        match &self.because {
            Because::Configured(_) => self.text.to_string(),
            Because::Default { rule, .. } => format!("{} (default: {rule})", self.text),
            Because::Assumed { what, .. } => format!("{} (assumed: {what})", self.text),
        }
    }
}

/// One way in, judged.
#[derive(Debug, Clone)]
pub struct Path {
    /// Which sort of way.
    pub inlet: InletKind,
    /// How the call is protected on it.
    pub transport: Transport,
    /// Whether it is open.
    pub verdict: Verdict,
    /// What decided.
    pub steps: Vec<Step>,
    /// Of a call from outside: how it comes in.
    pub inbound: Option<Inbound>,
}

/// How a call from outside comes in.
#[derive(Debug, Clone)]
pub struct Inbound {
    /// The line that lets it in.
    pub entry: At,
    /// The gateway that it passes first, for people; nothing where it leads straight in.
    pub via: Option<Arc<str>>,
    /// Because of what that gateway is there, or listens.
    pub gateway: Option<At>,
    /// What the client sends to the first that takes it.
    pub takes: Transport,
    /// Whether the first that takes it reads requests.
    pub http: bool,
    /// The route that leads on from there.
    pub route: Option<At>,
    /// Whether a request that no rule about callers singles out passes all of them, without a token
    /// and from anywhere.
    pub open: bool,
}

/// The answer to a question.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Allowed if any way in is.
    pub verdict: Verdict,
    /// The weakest transport among the ways that are open.
    pub transport: Option<Transport>,
    /// Every way in.
    pub paths: Vec<Path>,
    /// What a caller gains by dialling the pod itself: the ways that let more through then.
    pub bypass: Vec<Path>,
}

impl Answer {
    pub(super) fn of(paths: Vec<Path>) -> Self {
        let verdict = paths
            .iter()
            .map(|path| path.verdict)
            .max()
            .unwrap_or(Verdict::Deny);
        let open = paths
            .iter()
            .filter(|path| path.verdict == verdict && verdict != Verdict::Deny);
        Self {
            verdict,
            transport: open.map(|path| path.transport).min(),
            paths,
            bypass: Vec::new(),
        }
    }

    /// The answer where it is not known which of several holds.
    pub fn either(answers: Vec<Self>) -> Self {
        let same = answers.windows(2).all(|pair| match pair {
            [a, b] => a.verdict == b.verdict,
            _ => true,
        });
        let verdict = match answers.first() {
            Some(first) if same => first.verdict,
            _ => Verdict::Conditional,
        };
        Self {
            verdict,
            transport: answers.iter().filter_map(|answer| answer.transport).min(),
            bypass: answers.iter().flat_map(|a| a.bypass.clone()).collect(),
            paths: answers
                .into_iter()
                .flat_map(|answer| answer.paths)
                .collect(),
        }
    }

    /// The step that decided, of the way in that gave the verdict.
    pub fn deciding(&self) -> Option<&Step> {
        let path = self
            .paths
            .iter()
            .filter(|path| path.verdict == self.verdict)
            .min_by_key(|path| path.transport)
            .or(self.paths.first())?;
        let wanted = match path.verdict {
            Verdict::Deny => Outcome::Denied,
            Verdict::Allow => Outcome::Passed,
            Verdict::Unknown | Verdict::Conditional => Outcome::Open,
        };
        path.steps
            .iter()
            .rev()
            .find(|step| step.outcome == wanted)
            .or(path.steps.last())
    }
}
