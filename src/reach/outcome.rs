//! What becomes of a call that has arrived: an inlet takes it or not, and its rules let it pass or not.

use std::sync::Arc;

use super::answer::{Inbound, Outcome, Path, Question, Stage, Step, Verdict};
use super::arrival::{Arrival, transport};
use super::authorize::{Passage, authorize, lets_in_anyone};
use super::caller::{Asked, Caller};
use super::explain;
use super::world::ListenerPort;
use crate::model::{At, Because, Client, Inlet, InletKind, Layer, Transport, Tri};

/// What becomes of a call at an inlet that takes it.
pub(super) fn through(
    question: &Question<'_>,
    to: &ListenerPort,
    inlet: &Inlet,
    arrival: &Arrival<'_>,
) -> Path {
    let mut asked = arrival.asked.clone();
    let before = asked.len();
    if let Some(rules) = &inlet.authorization {
        let caller = Caller {
            port: to.port,
            ..arrival.caller(question.destination, inlet.layer)
        };
        asked.push(Asked::who(rules, caller));
    }
    let request = arrival.request(question);
    let passage = authorize(&asked, request.as_deref());
    let accepted = Step::new(
        Stage::Acceptance,
        Outcome::Passed,
        acceptance(inlet),
        &inlet.because,
    );
    let mut steps = arrival.steps.clone();
    let mut said =
        explain::passage(&asked, request.as_deref(), &passage, question.explain).into_iter();
    let refused_before = passage.passes == Tri::No && passage.decisions.len() <= before;
    steps.extend(said.by_ref().take(before).flatten());
    if !refused_before || before == 0 {
        steps.push(accepted);
    }
    steps.extend(said.flatten());
    if question.explain && passage.passes == Tri::No && !refused_before {
        let listener = to.meshed.iter();
        steps.extend(listener.flat_map(|one| &one.passed_over).map(|(what, at)| {
            let text = format!("this looks as if it let callers in, but {what}");
            Step::here(Stage::Authorization, Outcome::Denied, text, at.clone())
        }));
    }
    Path {
        inlet: inlet.kind,
        transport: arrival.transport,
        verdict: settle(passage.passes, arrival, &mut steps),
        steps,
        inbound: inbound(question, arrival, &asked, &passage),
    }
}

/// What is left open on the way, added to what was asked there.
fn settle(passes: Tri, arrival: &Arrival<'_>, steps: &mut Vec<Step>) -> Verdict {
    let needed = passes != Tri::No && !arrival.needs.is_empty();
    if !arrival.conditions.is_empty() || needed {
        steps.extend(open(&arrival.conditions));
        steps.extend(open(&arrival.needs));
        return Verdict::Conditional;
    }
    match passes {
        Tri::Yes => Verdict::Allow,
        Tri::No => Verdict::Deny,
        Tri::Unknown => Verdict::Conditional,
    }
}

/// How a call from outside came in.
fn inbound(
    question: &Question<'_>,
    arrival: &Arrival<'_>,
    asked: &[Asked<'_>],
    passage: &Passage,
) -> Option<Inbound> {
    let Client::External(_) = question.client else {
        return None;
    };
    let way = arrival.way;
    let first = way.hops.first();
    let mut routes = asked
        .iter()
        .zip(&passage.decisions)
        .filter(|(gate, _)| gate.routes);
    Some(Inbound {
        entry: way.entry.as_ref().map(|(_, at)| at.clone())?,
        via: first.map(|hop| Arc::clone(&hop.name)),
        gateway: first.map(|hop| hop.at.clone()),
        takes: transport(way.sends.value),
        http: first.is_some_and(|hop| hop.gates.iter().all(|gate| gate.layer == Layer::Http)),
        route: routes.find_map(|(_, decision)| decision.rule.clone()),
        open: question.request.is_none() && lets_in_anyone(asked),
    })
}

fn acceptance(inlet: &Inlet) -> &'static str {
    match (inlet.kind, inlet.accepts) {
        (InletKind::Proxied, Transport::Mtls) => "the server's proxy takes mutual TLS",
        (InletKind::Proxied, Transport::Tls) => "the server's proxy ends the client's TLS",
        (InletKind::Proxied, Transport::Plaintext) => "the server's proxy takes plaintext",
        (InletKind::Permissive, Transport::Plaintext) => "the server's proxy takes plaintext too",
        (InletKind::Permissive, _) => "the server's proxy lets the application's own TLS through",
        (InletKind::Bypass, _) => {
            "the port is not captured by the server's proxy: nobody asks who calls"
        }
        (InletKind::Direct, _) => "the server has no proxy: nobody asks who calls",
    }
}

/// What becomes of a call that leaves the cluster.
pub(super) fn leave(question: &Question<'_>, arrival: Arrival<'_>) -> Path {
    let request = arrival.request(question);
    let passage = authorize(&arrival.asked, request.as_deref());
    let said = explain::passage(
        &arrival.asked,
        request.as_deref(),
        &passage,
        question.explain,
    );
    let mut steps = arrival.steps.clone();
    steps.extend(said.into_iter().flatten());
    Path {
        inlet: InletKind::Direct,
        transport: arrival.transport,
        verdict: settle(passage.passes, &arrival, &mut steps),
        steps,
        inbound: None,
    }
}

/// The way that ends before it gets anywhere.
pub(super) fn ended(step: Step) -> Path {
    Path {
        inlet: InletKind::Direct,
        transport: Transport::Plaintext,
        verdict: match step.outcome {
            Outcome::Open => Verdict::Unknown,
            Outcome::Passed | Outcome::Denied => Verdict::Deny,
        },
        steps: vec![step],
        inbound: None,
    }
}

/// Whether an inlet takes what arrives. A request is read as HTTP where the port is open to both.
pub(super) fn fits(
    inlet: &Inlet,
    arrival: &Arrival<'_>,
    question: &Question<'_>,
    all: &[Inlet],
) -> bool {
    let http_too = |other: &Inlet| other.layer == Layer::Http && other.accepts == inlet.accepts;
    let shadowed = question.request.is_some()
        && !arrival.way.sealed
        && inlet.layer == Layer::Tcp
        && all.iter().any(http_too);
    // sealed bytes are no HTTP
    let readable = !arrival.way.sealed || inlet.layer == Layer::Tcp;
    inlet.accepts == arrival.last && readable && !shadowed
}

/// The steps of what was not looked into.
fn open(conditions: &[(String, At)]) -> impl Iterator<Item = Step> {
    conditions
        .iter()
        .map(|(what, at)| Step::here(Stage::Condition, Outcome::Open, what.clone(), at.clone()))
}

pub(super) fn unknown(arrival: Arrival<'_>, what: String, at: At) -> Path {
    let mut steps = arrival.steps;
    steps.push(Step {
        stage: Stage::Condition,
        outcome: Outcome::Open,
        text: what.into(),
        because: Because::Configured(at),
    });
    Path {
        inlet: InletKind::Proxied,
        transport: arrival.transport,
        verdict: Verdict::Unknown,
        steps,
        inbound: None,
    }
}

/// The way that ends because nothing takes what arrives.
pub(super) fn refused(arrival: &Arrival<'_>, inlets: &[Inlet], tls: Option<&Because>) -> Path {
    let mut steps = arrival.steps.clone();
    let (kind, because) = match inlets.first() {
        Some(inlet) => (inlet.kind, Some(&inlet.because)),
        None => (InletKind::Direct, None),
    };
    let text = match (kind, arrival.last) {
        (InletKind::Direct, _) => "the server has no proxy and cannot answer that",
        (InletKind::Bypass, _) => {
            "the port is not captured by the server's proxy, and the application cannot answer that"
        }
        (_, Transport::Plaintext) => "the server's proxy takes mutual TLS only",
        (_, Transport::Mtls) => "the server's proxy takes no mutual TLS",
        (_, Transport::Tls) => "the server's proxy refuses TLS that is not the mesh's",
    };
    if let Some(because) = because.or(tls) {
        steps.push(Step::new(Stage::Acceptance, Outcome::Denied, text, because));
    }
    let verdict = if arrival.conditions.is_empty() {
        Verdict::Deny
    } else {
        Verdict::Conditional
    };
    steps.extend(open(&arrival.conditions));
    Path {
        inlet: kind,
        transport: arrival.transport,
        verdict,
        steps,
        inbound: None,
    }
}
