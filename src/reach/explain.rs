//! Why a list of rules decided as it did, in a person's words.

use std::cmp::Reverse;

use super::answer::{Outcome, Stage, Step};
use super::authorize::{Decision, Passage, evaluate, holds_identity};
use super::caller::{Asked, Attempt, Caller};
use super::candidates;
use crate::model::{
    Because, Effect, Layer, PathMatch, Request, Rule, Segment, StringMatch, Test, Tri, When,
    names_host,
};

/// The steps of everything that is asked on a way, place by place.
pub(super) fn passage(
    asked: &[Asked<'_>],
    request: Option<&Request>,
    passage: &Passage,
    in_full: bool,
) -> Vec<Vec<Step>> {
    let each = asked.iter().zip(&passage.decisions);
    let mut steps: Vec<Vec<Step>> = each
        .map(|(gate, decision)| decided(gate, request, decision, in_full))
        .collect();
    let ended = passage.decisions.iter().any(|one| one.passes == Tri::No);
    let refused = passage.passes == Tri::No && !ended;
    if let Some(gate) = asked.get(steps.len()).filter(|_| refused) {
        steps.push(vec![Step::new(
            Stage::Authorization,
            Outcome::Denied,
            "the proxy answers such a request by itself, before it asks any policy",
            &gate.rules.because,
        )]);
    }
    steps
}

/// The steps of one place where something is asked.
fn decided(
    gate: &Asked<'_>,
    request: Option<&Request>,
    decision: &Decision,
    in_full: bool,
) -> Vec<Step> {
    let rules = gate.rules;
    let stage = match gate.routes {
        true => Stage::Routing,
        false => Stage::Authorization,
    };
    let outcome = match decision.passes {
        Tri::Yes => Outcome::Passed,
        Tri::No => Outcome::Denied,
        Tri::Unknown => Outcome::Open,
    };
    let decided = decision.place.and_then(|place| rules.rules.get(place));
    let then = decided.map(|rule| &rule.then);
    let mut steps = match (&decision.rule, outcome) {
        (Some(at), _) => {
            let text = match (then, gate.routes) {
                (Some(Effect::Allow), false) => "this rule allows it",
                (Some(Effect::Unlisted), false) => {
                    "this is what the call is judged by, and nothing lets the caller in here"
                }
                (_, false) => "this rule refuses it",
                (Some(Effect::Allow), true) => "this route leads to it",
                (_, true) => "this route leads elsewhere",
            };
            vec![Step::here(stage, outcome, text, at.clone())]
        }
        (None, Outcome::Passed) => {
            let text = match gate.routes {
                true => "it is routed as it is meant",
                false => "nothing refuses it",
            };
            vec![Step::new(stage, outcome, text, &rules.because)]
        }
        (None, Outcome::Denied) => {
            let text = match gate.routes {
                true => "no route takes such a request there",
                false => "no rule allows it, and here what no rule allows is refused",
            };
            vec![Step::new(stage, outcome, text, &rules.because)]
        }
        (None, Outcome::Open) => Vec::new(),
    };
    steps.extend(decision.depends_on.iter().map(|(what, at)| {
        let text = format!("it depends on this: {what}");
        Step::here(stage, Outcome::Open, text, at.clone())
    }));
    let unlisted = decision.rule.is_none() || then == Some(&Effect::Unlisted);
    if in_full && outcome == Outcome::Denied && unlisted && !gate.routes {
        let all = &rules.rules[..];
        let end = decision.place.unwrap_or(all.len());
        let (before, _) = all.split_at(end);
        // of what is judged by this, those that could have let the caller in
        let start = match unlisted && end < all.len() {
            true => before.iter().rposition(|rule| rule.then != Effect::Allow),
            false => None,
        };
        let (_, among) = before.split_at(start.map_or(0, |at| at + 1));
        let step = nearest(among, gate, request);
        steps.extend(step.or_else(|| nearest(before, gate, request)));
    }
    if let Some(by) = gate.by {
        for step in &mut steps {
            step.text = format!("{by}: {}", step.text).into();
        }
    }
    steps
}

/// Whether a condition is about who calls.
fn asks_who(when: &When) -> bool {
    let mut asks = false;
    when.each_test(&mut |test, _| asks |= holds_identity(test, None).is_some());
    asks
}

/// The rule that came nearest to allowing the request, and what kept it from doing so.
fn nearest(among: &[Rule], gate: &Asked<'_>, request: Option<&Request>) -> Option<Step> {
    let caller = &gate.caller;
    let attempt = first_attempt(gate, request)?;
    let mut best: Option<((bool, usize), &Rule, &When)> = None;
    for rule in among.iter().filter(|rule| rule.then == Effect::Allow) {
        let parts: &[When] = match &rule.when {
            When::All(parts) => parts,
            one => std::slice::from_ref(one),
        };
        let failed = parts
            .iter()
            .find(|part| evaluate(part, caller, &attempt) == Tri::No);
        // what is about this caller is nearer than what is about another
        let near = (
            failed.is_some_and(|failed| !asks_who(failed)),
            parts_met(&rule.when, caller, &attempt),
        );
        if let Some(failed) = failed
            && best.is_none_or(|(most, _, _)| near > most)
        {
            best = Some((near, rule, failed));
        }
    }
    let ((_, met), rule, failed) = best?;
    let failed = innermost(failed, caller, &attempt);
    let because = describe_failure(failed, caller, &attempt)?;
    let prefix = if met > 0 {
        "the nearest rule matches in part, but "
    } else {
        "the nearest rule does not match: "
    };
    Some(Step {
        stage: Stage::Authorization,
        outcome: Outcome::Denied,
        text: format!("{prefix}{}", because.0).into(),
        because: Because::Configured(because.1.unwrap_or_else(|| rule.at.clone())),
    })
}

/// The smallest part of a failed condition that fails. Of alternatives that have parts of their own
/// it is in the one of which most is met; values of one attribute stay together.
fn innermost<'w>(failed: &'w When, caller: &Caller<'_>, attempt: &Attempt) -> &'w When {
    let inner = match failed {
        When::All(parts) => parts
            .iter()
            .find(|part| evaluate(part, caller, attempt) == Tri::No),
        When::Any(parts) => parts
            .iter()
            .filter(|part| matches!(part, When::All(_)))
            .min_by_key(|part| Reverse(parts_met(part, caller, attempt))),
        _ => None,
    };
    inner.map_or(failed, |inner| innermost(inner, caller, attempt))
}

fn parts_met(when: &When, caller: &Caller<'_>, attempt: &Attempt) -> usize {
    let parts: &[When] = match when {
        When::All(parts) => parts,
        one => std::slice::from_ref(one),
    };
    parts
        .iter()
        .filter(|part| evaluate(part, caller, attempt) == Tri::Yes)
        .count()
}

/// What to compare rules with: without a request, what all requests of the caller have in common.
fn first_attempt(gate: &Asked<'_>, request: Option<&Request>) -> Option<Attempt> {
    if gate.caller.layer == Layer::Tcp || request.is_none() {
        return Some(Attempt {
            open: true,
            ..Attempt::default()
        });
    }
    let candidates = candidates::of(std::slice::from_ref(gate), request)?;
    let mut first = None;
    candidates.each(&mut |attempt| {
        candidates.show(0, gate, attempt);
        first = Some(attempt.clone());
        false
    });
    first
}

/// What a failed part of a rule wanted, and what there was.
fn describe_failure(
    part: &When,
    caller: &Caller<'_>,
    attempt: &Attempt,
) -> Option<(String, Option<crate::model::At>)> {
    let mut wanted: Vec<String> = Vec::new();
    let mut first: Option<(&Test, crate::model::At)> = None;
    part.each_test(&mut |test, at| {
        if first
            .as_ref()
            .is_none_or(|(known, _)| std::mem::discriminant(*known) == std::mem::discriminant(test))
        {
            wanted.push(value_of(test));
            first.get_or_insert((test, at.clone()));
        }
    });
    let (test, at) = first?;
    let negated = matches!(part, When::Not(_));
    let verb = if negated { "is among" } else { "is not" };
    wanted.dedup();
    let shown = wanted
        .iter()
        .take(3)
        .cloned()
        .collect::<Vec<_>>()
        .join(" or ");
    let more = if wanted.len() > 3 {
        format!(" or {} more", wanted.len() - 3)
    } else {
        String::new()
    };
    let actual = actual(test, caller, attempt);
    let said = match actual.strip_suffix(", which") {
        Some(absent) if shown == "anything" => absent.to_owned(),
        _ => format!("{actual} {verb} {shown}{more}"),
    };
    Some((said, Some(at)))
}

fn actual(test: &Test, caller: &Caller<'_>, attempt: &Attempt) -> String {
    let or_none = |text: &str, what: &str| match text.is_empty() {
        true => format!("the call has no {what}, which"),
        false => format!("the {what} {text:?}"),
    };
    match test {
        _ if holds_identity(test, None).is_some() => match caller.identity {
            Some(identity) => format!("the caller {identity}"),
            None => "the caller proves no identity, which".to_owned(),
        },
        Test::Method(_) => or_none(&attempt.method, "method"),
        Test::Path(_) => or_none(&attempt.path, "path"),
        Test::Query { name, .. } | Test::AnyQuery { name, .. } => {
            let given = attempt.parameter(name).unwrap_or("");
            or_none(given, &format!("query parameter {name}"))
        }
        Test::Host(_) | Test::HostName(_) => or_none(&attempt.host, "host"),
        Test::Authority(_) => or_none(&attempt.authority, "host"),
        Test::Header { name, .. } if names_host(name) => or_none(&attempt.authority, "host"),
        Test::Port(_) => format!("the port {}", caller.port),
        Test::Header { name, .. } => {
            let line = attempt.headers.iter().find(|line| *line.name == **name);
            or_none(
                line.map_or("", |line| &line.value),
                &format!("header {name}"),
            )
        }
        _ if test.needs_token() => match attempt.tokens.accepted.len() {
            0 => "no token is presented, which".to_owned(),
            1 => "the token".to_owned(),
            _ => "each token".to_owned(),
        },
        Test::Given => "the request".to_owned(),
        Test::ServerName(_) => or_none(caller.server_name.as_deref().unwrap_or(""), "server name"),
        _ => "the address".to_owned(),
    }
}

fn value_of(test: &Test) -> String {
    let issuer_subject = |issuer, subject| format!("{}/{}", text(issuer), text(subject));
    match test {
        Test::Identity(value)
        | Test::IdentityTrustDomain(value)
        | Test::ServerName(value)
        | Test::Method(value)
        | Test::Host(value)
        | Test::HostName(value)
        | Test::Authority(value)
        | Test::Query { value, .. }
        | Test::AnyQuery { value, .. }
        | Test::Header { value, .. } => text(value),
        Test::IdentityNamespace(value) => format!("in namespace {value:?}"),
        Test::IdentityServiceAccount { namespace, name } => format!("{namespace}/{name}"),
        Test::PeerAddress(range) | Test::ClientAddress(range) | Test::DestinationAddress(range) => {
            range.to_string()
        }
        Test::PeerInside(_) => "one of the cluster".to_owned(),
        Test::Port(port) => port.to_string(),
        Test::Path(PathMatch::Text(value)) => text(value),
        Test::Path(PathMatch::Template(segments)) => format!("{:?}", template(segments)),
        Test::TokenPrincipal { issuer, subject } => {
            format!("from {}", issuer_subject(issuer, subject))
        }
        Test::TokenText {
            issuer,
            path,
            value,
        } => match (path.as_slice(), issuer) {
            ([only], _) if **only == *"iss" => format!("from {}", text(value)),
            (path, StringMatch::Any) => format!("saying {} {}", path.join("."), text(value)),
            (path, issuer) => {
                let said = format!("saying {} {}", path.join("."), text(value));
                format!("from {} {said}", text(issuer))
            }
        },
        Test::TokenClaim { path, value } => format!("saying {} {}", path.join("."), text(value)),
        Test::TokenRefused(_) => "an accepted token".to_owned(),
        Test::Given => "one that is asked about".to_owned(),
        Test::Unknowable(what) => what.to_string(),
    }
}

fn text(value: &StringMatch) -> String {
    match value {
        StringMatch::Any => "anything".to_owned(),
        StringMatch::Exact(text) => format!("{text:?}"),
        StringMatch::Prefix(text) => format!("\"{text}*\""),
        StringMatch::Suffix(text) => format!("\"*{text}\""),
        StringMatch::Fits(expression) => format!("fitting {:?}", expression.as_str()),
    }
}

fn template(segments: &[Segment]) -> String {
    segments
        .iter()
        .map(|segment| match segment {
            Segment::Literal(text) => &**text,
            Segment::One => "{*}",
            Segment::Rest => "{**}",
        })
        .collect()
}
