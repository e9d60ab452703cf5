//! What caused a difference.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::links::Links;
use super::places::{Met, Side, is_aside, sides};
use super::rest::Rest;
use crate::change::felt::{Difference, Felt, Reasons};
use crate::change::force::{InForce, Places};
use crate::change::{FieldChange, Written};

/// So many effects may a step have that no place leads to a change of, before each of them goes to
/// one of the changes that may have caused it instead of to all.
const ENOUGH: usize = 200_000;

/// Field changes, by their number.
pub(super) type Fields = Rc<[usize]>;

/// Whose places: what became of a call, the port that is called, who calls.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Fate,
    Server,
    Client,
}

/// What decided over what a call goes.
const HOW: [(Whose, Part); 4] = [
    (Whose::Fate, Part::Sent),
    (Whose::Server, Part::Decided),
    (Whose::Server, Part::Membership),
    (Whose::Client, Part::Membership),
];

/// What is not decided and matters: what a default is about, a port, the two that a call is between.
const AROUND: [(Whose, Part); 7] = [
    (Whose::Server, Part::Port),
    (Whose::Server, Part::Object),
    (Whose::Client, Part::Object),
    (Whose::Fate, Part::Object),
    (Whose::Server, Part::Around),
    (Whose::Client, Part::Around),
    (Whose::Fate, Part::Around),
];

/// Finds the changes that caused what is felt.
pub(super) struct Causes<'a> {
    fields: &'a [FieldChange],
    before: Side,
    after: Side,
    /// Many calls share the places that decided them.
    known: HashMap<(*const Places, Part, Way, bool), Led>,
    links: Links,
    /// What is left to blame.
    rest: Rest<'a>,
    spread: usize,
}

/// Which of the places of a difference.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Part {
    Decided,
    Sent,
    Membership,
    Object,
    Port,
    Around,
}

/// How a change has to do with a place.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Way {
    /// It is at it, below it, or around it.
    Near,
    /// So it is, but it is not written on this side.
    Missing,
    /// It is of the same object.
    Object,
}

/// The changes that some places lead to.
#[derive(Clone, Default)]
struct Led {
    /// The object of the place that led to them.
    object: Option<Written>,
    met: Met,
}

impl<'a> Causes<'a> {
    pub fn new(
        fields: &'a [FieldChange],
        before: &'a [&'a InForce],
        after: &'a [&'a InForce],
    ) -> Self {
        let (was, is) = sides(fields, before, after);
        Self {
            fields,
            before: was,
            after: is,
            known: HashMap::new(),
            links: Links::default(),
            rest: Rest::new(fields, before, after),
            spread: 0,
        }
    }

    /// The changes that caused it, in their order; none only where nothing changed.
    // a second opinion, what would be in force without one of them, belongs here
    pub fn of(&mut self, felt: &Felt) -> Fields {
        let mut found = self.presence(felt);
        if felt.moved.any() && matches!(felt.difference, Difference::Opened(_)) {
            found.extend(self.let_in(felt));
        }
        if found.is_empty() {
            found = self.moved(felt);
        }
        if found.is_empty() {
            found = match self.way_in(felt) {
                way if way.is_empty() => self.decided(felt, &[Way::Near, Way::Missing]),
                way => way,
            };
            found.extend(self.strayed(felt));
        }
        if found.is_empty() {
            found = self.links.of(felt);
        }
        if found.is_empty() {
            found = self.decided(felt, &[Way::Object]);
        }
        if found.is_empty() {
            found = self.around(felt);
        }
        if found.is_empty() {
            return self.unled(felt);
        }
        found.sort_unstable();
        found.dedup();
        found.into()
    }

    /// Notes what caused a difference, so that findings about the same can be led to it.
    pub fn note(&mut self, felt: &Felt, caused: &Fields) {
        self.links.add(felt, caused);
    }

    /// What brought or took a workload or a port: objects that came and went, or what says which there
    /// are.
    fn presence(&mut self, felt: &Felt) -> Vec<usize> {
        let log = felt.before.server.is_none() && felt.after.server.is_none();
        let server = if log { Whose::Fate } else { Whose::Server };
        let moved = felt.moved;
        let parts = [
            (moved.client, Whose::Client, Part::Object),
            (moved.server, server, Part::Object),
            (moved.port && !moved.server, Whose::Server, Part::Port),
        ];
        let mut found = Vec::new();
        for (_, whose, part) in parts.into_iter().filter(|(moved, ..)| *moved) {
            let brought = match part {
                Part::Object => self.brought(felt, whose, part),
                _ => Vec::new(),
            };
            match brought.is_empty() {
                true => found.extend(self.both(felt, whose, part, Way::Near)),
                false => found.extend(brought),
            }
        }
        if found.is_empty() && moved.workloads() {
            for name in felt.difference.moved(moved) {
                found.extend(self.rest.namesakes(felt.environment(), name));
            }
        }
        found
    }

    /// What moved, wrote or removed the object that a finding is about, if the environment has it on one
    /// side only.
    fn moved(&mut self, felt: &Felt) -> Vec<usize> {
        let sides = [(&felt.before, false), (&felt.after, true)];
        let sides = sides.into_iter().filter(|_| felt.is_finding());
        let places = sides.filter_map(|(side, after)| {
            let at = side.fate.as_ref()?.decided.first()?;
            self.rest.moved(felt.environment(), at, after)
        });
        places.collect()
    }

    /// What brought or took the objects that decided, or those that it is about.
    fn strayed(&mut self, felt: &Felt) -> Vec<usize> {
        let parts = match felt.is_of_call() {
            true => &[Part::Decided][..],
            false => &[Part::Decided, Part::Object, Part::Around][..],
        };
        for &part in parts {
            if !part.says_the_same(Whose::Fate, felt) {
                let found = self.brought(felt, Whose::Fate, part);
                if !found.is_empty() {
                    return found;
                }
            }
        }
        Vec::new()
    }

    /// What brought or took the object of the first of the places of each side.
    fn brought(&mut self, felt: &Felt, whose: Whose, part: Part) -> Vec<usize> {
        let sides = [whose.of(&felt.before), whose.of(&felt.after)];
        let first = |places: &'_ Arc<Places>| part.of(places).first().cloned();
        let places = sides.into_iter().flatten().filter_map(first);
        let found = places.map(|at| self.rest.brought(felt.environment(), &at));
        found.flat_map(|found| found.to_vec()).collect()
    }

    /// What opened or closed the way in for clients outside, if there was none before or is none now:
    /// it stands last among what decided.
    fn way_in(&mut self, felt: &Felt) -> Vec<usize> {
        let (side, places) = match (&felt.before.fate, &felt.after.fate) {
            (Some(places), None) => (&self.before, places),
            (None, Some(places)) => (&self.after, places),
            _ => return Vec::new(),
        };
        let is_outside = felt.before.client.is_none() && felt.after.client.is_none();
        if !(felt.is_of_call() && is_outside) {
            return Vec::new();
        }
        let ways = places.decided.iter().rev();
        let found = ways.map(|at| [side.nearest(at).fields, side.missing(at).fields].concat());
        let mut found = found.filter(|found| !found.is_empty());
        found.next().unwrap_or_default()
    }

    /// The rule that lets a new caller in, if it changed too.
    fn let_in(&mut self, felt: &Felt) -> Vec<usize> {
        let fate = felt.after.fate.as_ref().filter(|fate| fate.by_rule);
        self.look(fate, Part::Decided, Way::Near, true).met.fields
    }

    /// What changed at the lines that decided, or else in their objects.
    fn decided(&mut self, felt: &Felt, ways: &[Way]) -> Vec<usize> {
        let whether = (Whose::Fate, Part::Decided);
        let order: Vec<_> = match felt.is_of_transport() {
            true => HOW.into_iter().chain([whether]).collect(),
            false => std::iter::once(whether).chain(HOW).collect(),
        };
        for &way in ways {
            let mut found = self.proxies(felt, way);
            if !found.is_empty() && felt.leaves() {
                return found;
            }
            for &(whose, part) in &order {
                // what says the same as before is no cause, whatever changed there
                if !part.says_the_same(whose, felt) {
                    let more = self.both(felt, whose, part, way);
                    if !more.is_empty() {
                        found.extend(more);
                        break;
                    }
                }
            }
            if !found.is_empty() {
                return found;
            }
        }
        Vec::new()
    }

    /// What gave the called one its proxy, or took it: whatever else changed, that mattered.
    fn proxies(&mut self, felt: &Felt, way: Way) -> Vec<usize> {
        match way == Way::Near && !Part::Membership.says_the_same(Whose::Server, felt) {
            true => self.both(felt, Whose::Server, Part::Membership, way),
            false => Vec::new(),
        }
    }

    /// What changed of what it is about, and of what is around that.
    fn around(&mut self, felt: &Felt) -> Vec<usize> {
        for way in [Way::Near, Way::Missing, Way::Object] {
            for (whose, part) in AROUND {
                let found = self.both(felt, whose, part, way);
                if !found.is_empty() {
                    return found;
                }
            }
        }
        Vec::new()
    }

    /// The changes that the places of both sides lead to; in the same object, the nearer ones.
    fn both(&mut self, felt: &Felt, whose: Whose, part: Part, way: Way) -> Vec<usize> {
        let was = self.look(whose.of(&felt.before), part, way, false);
        let is = self.look(whose.of(&felt.after), part, way, true);
        let rivals = was.object.is_some() && was.object == is.object;
        match was.met.common.cmp(&is.met.common) {
            Ordering::Less if rivals => is.met.fields,
            Ordering::Greater if rivals => was.met.fields,
            _ => [was.met.fields, is.met.fields].concat(),
        }
    }

    /// The changes that the first of some places leads to that leads to any.
    fn look(&mut self, places: Option<&Arc<Places>>, part: Part, way: Way, after: bool) -> Led {
        let Some(places) = places else {
            return Led::default();
        };
        let key = (Arc::as_ptr(places), part, way, after);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let side = if after { &self.after } else { &self.before };
        let mut led = part.of(places).iter().map(|at| Led {
            met: match way {
                Way::Near => side.nearest(at),
                Way::Missing => side.missing(at),
                Way::Object => self.telling(side.of_object(at)),
            },
            object: Some(at.object()),
        });
        let led = led
            .find(|led| !led.met.fields.is_empty())
            .unwrap_or_default();
        self.known.insert(key, led.clone());
        led
    }

    fn telling(&self, mut met: Met) -> Met {
        let fields = self.fields;
        met.fields
            .retain(|&i| fields.get(i).is_some_and(|field| !is_aside(field)));
        met
    }

    /// The changes that may have done what no place leads to.
    fn unled(&mut self, felt: &Felt) -> Fields {
        let all = self.rest.all(felt.environment());
        self.spread += all.len();
        match all.first() {
            Some(&first) if self.spread > ENOUGH => Rc::new([first]),
            _ => all,
        }
    }
}

impl Whose {
    fn of(self, side: &Reasons) -> Option<&Arc<Places>> {
        match self {
            Self::Fate => side.fate.as_ref(),
            Self::Server => side.server.as_ref(),
            Self::Client => side.client.as_ref(),
        }
    }
}

impl Part {
    /// Whether it was decided on both sides, and alike.
    fn says_the_same(self, whose: Whose, felt: &Felt) -> bool {
        let says = |side| whose.of(side).map(|places| places.says);
        match (self, says(&felt.before), says(&felt.after)) {
            (Self::Decided, Some((before, _)), Some((after, _))) => {
                before.is_some() && before == after
            }
            (Self::Membership, Some((_, before)), Some((_, after))) => before == after,
            _ => false,
        }
    }

    fn of(self, places: &Places) -> &[Written] {
        match self {
            Self::Decided => &places.decided,
            Self::Sent => &places.sent,
            Self::Membership => &places.membership,
            Self::Object => places.object.as_slice(),
            Self::Port => &places.port,
            Self::Around => &places.around,
        }
    }
}
