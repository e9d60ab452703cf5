//! How each client fares at a port, in all environments.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::compared::Compared;
use super::decider::Deciders;
use super::{Divided, Fared, Port, Reach, Side};
use crate::change::EdgeState;
use crate::change::force::{Client, Fate, Listener, Places};
use crate::model::Membership;

/// All environments.
pub(super) struct All<'a> {
    pub sides: Vec<Side<'a>>,
    /// The clients by their base in each environment.
    pub bases: BTreeMap<Vec<Option<u32>>, Vec<usize>>,
    /// Who may be compared, by the environments that have a port.
    compared: HashMap<Vec<bool>, Compared>,
}

/// How a client fares in each environment, before it is known what decided.
type Met<'a> = Vec<Option<(EdgeState, Option<&'a Fate>, Option<&'a Client>)>>;

/// What clients have in common of whom the same is said: how they fare, and where the places stand that
/// decided it.
type Alike = Vec<Option<(EdgeState, usize, usize)>>;

fn of_met(met: &Met<'_>) -> Alike {
    let address = |places: &Arc<Places>| Arc::as_ptr(places) as usize;
    let one = |(state, fate, client): &(EdgeState, Option<&Fate>, Option<&Client>)| {
        // of clients with a proxy, no place of their own decides
        let own = client.filter(|client| client.places.says.1 == Some(Membership::Unmeshed));
        let own = own.map_or(0, |client| address(&client.places));
        (*state, fate.map_or(0, |fate| address(&fate.places)), own)
    };
    met.iter().map(|met| met.as_ref().map(one)).collect()
}

impl<'a> All<'a> {
    pub fn new(sides: Vec<Side<'a>>) -> Self {
        let keys: BTreeSet<usize> = sides
            .iter()
            .flat_map(|side| side.clients.keys())
            .copied()
            .collect();
        let mut bases: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for key in keys {
            let base = |side: &Side<'_>| side.clients.get(&key).map(|client| client.base);
            let base: Vec<_> = sides.iter().map(base).collect();
            if base.iter().flatten().count() > 1 {
                bases.entry(base).or_default().push(key);
            }
        }
        Self {
            sides,
            bases,
            compared: HashMap::new(),
        }
    }

    /// Gets ready for a port that is in these environments.
    pub fn expect(&mut self, port: &Port<'_>) {
        let there: Vec<bool> = port.iter().map(Option::is_some).collect();
        if !self.compared.contains_key(&there) {
            let compared = self.compared(&there);
            self.compared.insert(there, compared);
        }
    }

    /// What differs at a port.
    pub fn at(&self, server: usize, number: u16, port: &Port<'a>) -> Vec<Divided<'a>> {
        let mut alike: HashMap<Alike, (Met<'a>, Vec<usize>)> = HashMap::new();
        let mut add = |key: usize, met: Met<'a>| {
            let (_, callers) = alike.entry(of_met(&met)).or_insert((met, Vec::new()));
            callers.push(key);
        };
        let apart = self.told_apart(port);
        for &key in apart.iter().filter(|&&key| key != server) {
            let met = self.met(key, port);
            if differs(&met) {
                add(key, met);
            }
        }
        for keys in self.bases.values() {
            let mut rest = keys
                .iter()
                .filter(|&&key| key != server && !apart.contains(&key))
                .peekable();
            let differs = rest
                .peek()
                .is_some_and(|&&first| differs(&self.met(first, port)));
            if differs {
                rest.for_each(|&key| add(key, self.met(key, port)));
            }
        }
        let mut groups: HashMap<Vec<Option<Fared<'a>>>, Vec<usize>> = HashMap::new();
        for (met, callers) in alike.into_values() {
            let group = groups.entry(self.fates(&met, port)).or_default();
            group.extend(callers);
        }
        let there: Vec<bool> = port.iter().map(Option::is_some).collect();
        let compared = self.compared.get(&there);
        let divided = |callers: Vec<usize>, reach, fates| Divided {
            server,
            port: number,
            callers,
            reach,
            fates,
        };
        let groups = groups.into_iter().map(|(fates, mut callers)| {
            callers.sort_unstable();
            let reach = compared.map(|all| all.reach(&callers, server));
            let reach = reach.unwrap_or(Reach::Some);
            divided(callers, reach, fates)
        });
        let mut all: Vec<_> = groups.collect();
        all.sort_by(|a, b| a.callers.cmp(&b.callers));
        let outside = self.outside(port);
        if differs(&outside) {
            all.push(divided(
                Vec::new(),
                Reach::Outside,
                self.fates(&outside, port),
            ));
        }
        all
    }

    /// The clients that the port tells apart in any environment.
    fn told_apart(&self, port: &Port<'_>) -> BTreeSet<usize> {
        let sides = self.sides.iter().zip(port);
        let classes = sides.filter_map(|(side, listener)| Some((side, (*listener)?)));
        classes
            .flat_map(|(side, listener)| {
                let classes = listener.classes.iter();
                classes.filter_map(|(class, _)| side.of_class.get(class))
            })
            .flatten()
            .copied()
            .collect()
    }

    fn met(&self, key: usize, port: &Port<'a>) -> Met<'a> {
        let sides = self.sides.iter().zip(port);
        sides
            .map(|(side, listener)| {
                let client = *side.clients.get(&key)?;
                let listener = (*listener)?;
                let fate = listener.of_client(client);
                let is_known = is_known(&client.places) && is_known(&listener.places);
                Some((state(fate, is_known), fate, Some(client)))
            })
            .collect()
    }

    fn outside(&self, port: &Port<'a>) -> Met<'a> {
        port.iter()
            .map(|listener| {
                let listener = (*listener)?;
                let fate = listener.outside.as_ref();
                Some((state(fate, is_known(&listener.places)), fate, None))
            })
            .collect()
    }

    fn fates(&self, met: &Met<'a>, port: &Port<'a>) -> Vec<Option<Fared<'a>>> {
        let mut verdicts: Vec<_> = met
            .iter()
            .flatten()
            .map(|(state, ..)| state.verdict)
            .collect();
        verdicts.dedup();
        let of_transport = verdicts.len() == 1;
        let fared = |(met, listener): (&Option<_>, &Option<&'a Listener>)| {
            let (state, fate, client): (EdgeState, Option<&'a Fate>, Option<&'a Client>) = (*met)?;
            let places = Deciders {
                fate: &fate?.places,
                server: &(*listener)?.places,
                client: client.map(|client| &*client.places),
            };
            let because = match of_transport {
                true => places.of_transport(),
                false => places.of_verdict(),
            };
            Some(Fared { state, because })
        };
        let none = |(met, fared): (&Option<(EdgeState, _, _)>, Option<Fared<'a>>)| {
            let without_a_way = met.map(|(state, ..)| Fared {
                state,
                because: None,
            });
            fared.or(without_a_way)
        };
        let all: Vec<_> = met.iter().zip(port).map(fared).collect();
        met.iter().zip(all).map(none).collect()
    }

    /// The workloads that are in several of the environments that `there` says.
    fn compared(&self, there: &[bool]) -> Compared {
        let mut compared = Compared::default();
        for key in self.bases.values().flatten() {
            let sides = self.sides.iter().zip(there).filter(|(_, there)| **there);
            let found = sides.filter_map(|(side, _)| side.clients.get(key));
            let found: Vec<_> = found.map(|client| client.places.says.1).collect();
            let all = |of| found.iter().all(|one| *one == Some(of));
            if found.len() > 1 {
                compared.all.insert(*key);
                compared
                    .meshed
                    .extend(all(Membership::Meshed).then_some(*key));
                compared
                    .unmeshed
                    .extend(all(Membership::Unmeshed).then_some(*key));
            }
        }
        compared
    }
}

pub(super) fn is_known(places: &Places) -> bool {
    places.says.1 != Some(Membership::Unknown)
}

fn state(fate: Option<&Fate>, is_known: bool) -> EdgeState {
    let state = fate.map_or(EdgeState::CLOSED, |fate| fate.state);
    EdgeState {
        transport: state.transport.filter(|_| is_known),
        ..state
    }
}

/// Whether it is certain that a call fares otherwise in one place than in another.
fn differs(met: &Met<'_>) -> bool {
    let states: Vec<EdgeState> = met.iter().flatten().map(|(state, ..)| *state).collect();
    let mut pairs = states.iter().zip(states.iter().skip(1));
    if pairs.all(|(one, other)| one == other) {
        return false;
    }
    let all = || states.iter();
    all().any(|one| all().any(|other| one.is_apart(*other)))
}
