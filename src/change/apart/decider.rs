//! Which place decided how a call fares.

use super::Decider;
use crate::change::Written;
use crate::change::force::Places;
use crate::model::Membership;

/// Where to look for what decided.
pub(super) struct Deciders<'a> {
    pub fate: &'a Places,
    pub server: &'a Places,
    pub client: Option<&'a Places>,
}

impl<'a> Deciders<'a> {
    pub fn of_verdict(&self) -> Option<Decider<'a>> {
        self.fate.decided.first().map(written).or(self.default())
    }

    /// The side without a proxy decides what goes over the wire; else what the client sends, or the
    /// server takes.
    pub fn of_transport(&self) -> Option<Decider<'a>> {
        let sides = [Some(self.server), self.client].into_iter().flatten();
        let mut without = sides.filter(|side| side.says.1 == Some(Membership::Unmeshed));
        let without = without.find_map(|side| side.membership.first());
        let sent = self.fate.sent.first();
        let taken = self.server.decided.first();
        let place = without.or(sent).or(taken);
        place.map(written).or(self.default())
    }

    /// What a default is about.
    fn default(&self) -> Option<Decider<'a>> {
        let near = self.fate.around.first().or(self.server.object.as_ref());
        near.map(|at| Decider {
            at,
            is_default: true,
        })
    }
}

fn written(at: &Written) -> Decider<'_> {
    Decider {
        at,
        is_default: false,
    }
}
