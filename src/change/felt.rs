//! A difference of what is in force, with what decided before and after.

use std::sync::Arc;

use super::force::Places;
use super::{EdgeChange, Effects, FindingChange, ListenerChange, LogChange, Written};
use crate::model::Membership;

/// One thing that differs in force.
#[derive(Debug, Clone)]
pub struct Felt {
    /// What differs, in which environment.
    pub difference: Difference,
    /// What decided before.
    pub before: Reasons,
    /// What decides now.
    pub after: Reasons,
    pub(super) moved: Moved,
}

/// What can differ in force.
#[derive(Debug, Clone, PartialEq)]
pub enum Difference {
    /// A port takes another transport.
    Listener(ListenerChange),
    /// A call gets through and did not.
    Opened(EdgeChange),
    /// A call does not get through any more.
    Closed(EdgeChange),
    /// A call goes over a weaker transport.
    Downgraded(EdgeChange),
    /// A call goes over a stronger transport.
    Upgraded(EdgeChange),
    /// A log is written to another extent.
    Log(LogChange),
    /// A finding came.
    Introduced(FindingChange),
    /// A finding went.
    Resolved(FindingChange),
}

/// What decided on one side: nothing where it was not there.
#[derive(Debug, Clone, Default)]
pub struct Reasons {
    /// Of a call, what became of it; of anything else, all there is.
    pub(super) fate: Option<Arc<Places>>,
    /// Of a call, the port that is called; of a port, that.
    pub(super) server: Option<Arc<Places>>,
    /// Of a call: who calls.
    pub(super) client: Option<Arc<Places>>,
}

/// What of a call was not there on one of the sides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Moved {
    pub client: bool,
    pub server: bool,
    pub port: bool,
}

impl Moved {
    /// Whether one of the two that a call is between came or went.
    pub fn workloads(self) -> bool {
        self.client || self.server
    }

    /// Whether anything came or went.
    pub fn any(self) -> bool {
        self.client || self.server || self.port
    }
}

impl Difference {
    /// The names of the workloads that came or went with it.
    pub(super) fn moved(&self, moved: Moved) -> impl Iterator<Item = &str> {
        let names = match self {
            Self::Opened(one) | Self::Closed(one) | Self::Downgraded(one) | Self::Upgraded(one) => {
                let server = one.to.rsplit_once(':').map_or(&*one.to, |(name, _)| name);
                [(moved.client, &*one.from), (moved.server, server)]
            }
            Self::Log(one) => [(moved.server, &*one.of), (false, "")],
            _ => [(false, ""); 2],
        };
        let names = names.into_iter().filter(|(moved, _)| *moved);
        names.map(|(_, name)| name)
    }
}

impl Felt {
    /// The environment.
    pub fn environment(&self) -> &Arc<str> {
        match &self.difference {
            Difference::Listener(one) => &one.environment,
            Difference::Opened(one)
            | Difference::Closed(one)
            | Difference::Downgraded(one)
            | Difference::Upgraded(one) => &one.environment,
            Difference::Log(one) => &one.environment,
            Difference::Introduced(one) | Difference::Resolved(one) => &one.environment,
        }
    }

    /// Whether what is called has no proxy any more: no policy asks anything there.
    pub(super) fn leaves(&self) -> bool {
        let membership = self.after.server.as_ref().and_then(|one| one.says.1);
        membership == Some(Membership::Unmeshed)
    }

    /// Whether it is a finding that came or went.
    pub(super) fn is_finding(&self) -> bool {
        matches!(
            self.difference,
            Difference::Introduced(_) | Difference::Resolved(_)
        )
    }

    /// Whether it is a call that fares otherwise.
    pub(super) fn is_of_call(&self) -> bool {
        matches!(
            self.difference,
            Difference::Opened(_)
                | Difference::Closed(_)
                | Difference::Downgraded(_)
                | Difference::Upgraded(_)
        )
    }

    /// Whether the transport alone differs.
    pub(super) fn is_of_transport(&self) -> bool {
        matches!(
            self.difference,
            Difference::Downgraded(_) | Difference::Upgraded(_)
        )
    }
}

impl Reasons {
    /// Of a port.
    pub(super) fn port(places: &Arc<Places>) -> Self {
        Self {
            server: Some(Arc::clone(places)),
            ..Self::default()
        }
    }

    /// Of what has places of its own.
    pub(super) fn only(places: Option<&Arc<Places>>) -> Self {
        Self {
            fate: places.cloned(),
            ..Self::default()
        }
    }

    /// The places that decided and what it is about, the most telling first.
    pub fn places(&self) -> impl Iterator<Item = &Written> {
        let parts = || {
            [&self.fate, &self.server, &self.client]
                .into_iter()
                .flatten()
        };
        let decided = parts().flat_map(|one| {
            let more = one.sent.iter().chain(&one.membership);
            one.decided.iter().chain(more)
        });
        let objects = parts().flat_map(|one| &one.object);
        decided
            .chain(objects)
            .chain(parts().flat_map(|one| one.port.iter().chain(&one.around)))
    }
}

impl Effects {
    /// Adds a difference.
    pub fn add(&mut self, difference: Difference) {
        match difference {
            Difference::Listener(one) => self.listeners.push(one),
            Difference::Opened(one) => self.opened.push(one),
            Difference::Closed(one) => self.closed.push(one),
            Difference::Downgraded(one) => self.downgraded.push(one),
            Difference::Upgraded(one) => self.upgraded.push(one),
            Difference::Log(one) => self.logging.push(one),
            Difference::Introduced(one) => self.introduced.push(one),
            Difference::Resolved(one) => self.resolved.push(one),
        }
    }
}
