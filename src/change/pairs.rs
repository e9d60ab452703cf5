//! The pairs of clients and ports that fare otherwise than before, without looking at all of them.
//!
//! Classes and bases have other numbers in another state, and other members. Clients that share their
//! class on both sides fare the same on both, and those that no listener tells apart share their base.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::EdgeState;
use super::felt::Reasons;
use super::force::{Client, Fate, InForce, Listener, Places};

/// Who calls from outside the cluster.
pub(super) const EXTERNAL: &str = "external";

/// A client and how it fares at a listener, on both sides.
pub(super) struct Pair<'a> {
    pub before: Met<'a>,
    pub after: Met<'a>,
}

/// What a client meets on one side.
#[derive(Clone, Copy)]
pub(super) struct Met<'a> {
    /// Nothing of clients outside.
    pub client: Option<&'a Client>,
    /// Nothing where the client or the listener is not there.
    pub state: Option<EdgeState>,
    fate: Option<&'a Fate>,
}

impl Pair<'_> {
    pub fn name(&self) -> Arc<str> {
        let client = self.after.client.or(self.before.client);
        client.map_or_else(|| Arc::from(EXTERNAL), |client| Arc::clone(&client.name))
    }
}

impl<'a> Met<'a> {
    fn new(client: Option<&'a Client>, there: bool, fate: Option<&'a Fate>) -> Self {
        let state = fate.map_or(EdgeState::CLOSED, |fate| fate.state);
        Self {
            client,
            state: there.then_some(state),
            fate,
        }
    }

    /// What decided, at a listener with these places.
    pub fn reasons(&self, server: Option<Arc<Places>>) -> Reasons {
        Reasons {
            fate: self.fate.map(|fate| Arc::clone(&fate.places)),
            server,
            client: self.client.map(|client| Arc::clone(&client.places)),
        }
    }
}

/// All clients of two states.
pub(super) struct Pairs<'a> {
    /// By name.
    clients: Vec<(Option<&'a Client>, Option<&'a Client>)>,
    /// The clients of each class, before and after.
    before: HashMap<u32, Vec<usize>>,
    after: HashMap<u32, Vec<usize>>,
    /// The clients of each base before and each base after.
    bases: BTreeMap<(Option<u32>, Option<u32>), Vec<usize>>,
    /// Whether the same clients have the same classes and bases on both sides.
    alike: bool,
}

impl<'a> Pairs<'a> {
    pub fn new(before: Option<&'a InForce>, after: Option<&'a InForce>) -> Self {
        let clients = |side: Option<&'a InForce>| side.map_or(&[][..], |one| &one.clients[..]);
        let mut pairs = Self {
            clients: joined(clients(before), clients(after), |one| &one.name),
            before: HashMap::new(),
            after: HashMap::new(),
            bases: BTreeMap::new(),
            alike: true,
        };
        for (i, (before, after)) in pairs.clients.iter().enumerate() {
            let base = |side: &Option<&Client>| side.map(|one| one.base);
            let class = |side: &Option<&Client>| side.map(|one| one.class);
            for (class, classes) in [
                (class(before), &mut pairs.before),
                (class(after), &mut pairs.after),
            ] {
                if let Some(class) = class {
                    classes.entry(class).or_default().push(i);
                }
            }
            let both = (base(before), base(after));
            pairs.alike &= both.0 == both.1 && class(before) == class(after);
            pairs.bases.entry(both).or_default().push(i);
        }
        pairs
    }

    /// Whether a workload came or went.
    pub fn moved(&self, name: &str) -> bool {
        let found = self.clients.binary_search_by(|(before, after)| {
            after.or(*before).map_or("", |one| &one.name).cmp(name)
        });
        let sides = found.ok().and_then(|at| self.clients.get(at));
        sides.is_some_and(|(before, after)| before.is_some() != after.is_some())
    }

    /// The clients that fare otherwise at a listener, by name; those outside last.
    pub fn differing(
        &self,
        before: Option<&'a Listener>,
        after: Option<&'a Listener>,
    ) -> Vec<Pair<'a>> {
        let mut pairs = Vec::new();
        if !(self.alike && alike(before, after)) {
            let server = after.or(before).map(|one| &one.server);
            for at in self.candidates(before, after) {
                let Some(&(was, is)) = self.clients.get(at) else {
                    continue;
                };
                // nobody is told that a workload calls itself
                if is.or(was).map(|one| &one.name) != server {
                    pairs.extend(changed(meets(was, before), meets(is, after)));
                }
            }
        }
        let outside = |side: Option<&'a Listener>| {
            let fate = side.and_then(|one| one.outside.as_ref());
            Met::new(None, side.is_some(), fate)
        };
        pairs.extend(changed(outside(before), outside(after)));
        pairs
    }

    /// The clients that a listener tells apart, and those of bases that fare otherwise.
    fn candidates(&self, before: Option<&Listener>, after: Option<&Listener>) -> Vec<usize> {
        let mut found = Vec::new();
        for (listener, classes) in [(before, &self.before), (after, &self.after)] {
            let apart = listener.into_iter().flat_map(|one| &one.classes);
            found.extend(apart.filter_map(|(class, _)| classes.get(class)).flatten());
        }
        for ((was, is), clients) in &self.bases {
            let state = |base: &Option<u32>, side: Option<&Listener>| {
                let fate = base.and_then(|base| Some(side?.of_base(base)?.state));
                fate.unwrap_or(EdgeState::CLOSED)
            };
            if state(was, before) != state(is, after) {
                found.extend(clients);
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

impl Listener {
    fn of_base(&self, base: u32) -> Option<&Fate> {
        let found = self.bases.binary_search_by_key(&base, |(base, _)| *base);
        self.bases.get(found.ok()?).map(|(_, fate)| fate)
    }

    pub(super) fn of_client(&self, client: &Client) -> Option<&Fate> {
        let found = self
            .classes
            .binary_search_by_key(&client.class, |(class, _)| *class);
        match found.ok().and_then(|at| self.classes.get(at)) {
            Some((_, fate)) => fate.as_ref(),
            None => self.of_base(client.base),
        }
    }
}

fn meets<'a>(client: Option<&'a Client>, listener: Option<&'a Listener>) -> Met<'a> {
    let fate = client.and_then(|client| listener?.of_client(client));
    Met::new(client, client.is_some() && listener.is_some(), fate)
}

fn changed<'a>(before: Met<'a>, after: Met<'a>) -> Option<Pair<'a>> {
    let state = |met: &Met<'_>| met.state.unwrap_or(EdgeState::CLOSED);
    (state(&before) != state(&after)).then_some(Pair { before, after })
}

/// Whether two listeners say the same of the same numbers.
fn alike(before: Option<&Listener>, after: Option<&Listener>) -> bool {
    let (Some(before), Some(after)) = (before, after) else {
        return false;
    };
    let state = |fate: &Option<Fate>| fate.as_ref().map(|fate| fate.state);
    let classes = |one: &(u32, Option<Fate>)| (one.0, state(&one.1));
    let bases = |one: &(u32, Fate)| (one.0, one.1.state);
    before
        .classes
        .iter()
        .map(classes)
        .eq(after.classes.iter().map(classes))
        && before
            .bases
            .iter()
            .map(bases)
            .eq(after.bases.iter().map(bases))
}

/// Two lists, each in the order of a key that is there once, as one.
pub(super) fn joined<'a, T, K: Ord>(
    before: &'a [T],
    after: &'a [T],
    key: impl Fn(&'a T) -> K,
) -> Vec<(Option<&'a T>, Option<&'a T>)> {
    use std::cmp::Ordering;
    let (mut before, mut after) = (before.iter().peekable(), after.iter().peekable());
    let mut both = Vec::new();
    loop {
        let order = match (before.peek(), after.peek()) {
            (None, None) => return both,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(one), Some(other)) => key(one).cmp(&key(other)),
        };
        both.push((
            order.is_le().then(|| before.next()).flatten(),
            order.is_ge().then(|| after.next()).flatten(),
        ));
    }
}
