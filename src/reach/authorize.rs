//! One ordered list of rules against one caller, in three values.
//!
//! A request that is given is judged as it is. Where parts of it are open, the question is whether
//! *any* request passes: one witness is tried for each way the rules could be met or avoided
//! ([`candidates`]), so that an answer of yes names a request, and no means that there is none.

use std::net::IpAddr;

use super::caller::{Asked, Attempt, Caller};
use super::candidates::{self, Candidates};
use super::token::{is_claim, matches_claim};
use crate::model::{
    At, Effect, Identity, Layer, PathMatch, Request, Rule, Ruleset, Segment, StringMatch, Test,
    Token, Tri, When, contains, names_host,
};

/// What one list of rules says.
#[derive(Debug, Clone)]
pub struct Decision {
    /// Whether the request passes.
    pub passes: Tri,
    /// The rule or default that decided; `None` is the default.
    pub rule: Option<At>,
    /// The place of that rule among the rules.
    pub place: Option<usize>,
    /// What it depends on, where that is not known.
    pub depends_on: Vec<(String, At)>,
}

/// What all lists on a way say of one request.
#[derive(Debug, Clone)]
pub struct Passage {
    /// Whether the request passes all of them.
    pub passes: Tri,
    /// What each says, as far as the request gets: all of them pass it on, where the proxy at the
    /// next refuses it before it asks.
    pub decisions: Vec<Decision>,
}

impl Passage {
    const REFUSED: Self = Self {
        passes: Tri::No,
        decisions: Vec::new(),
    };
}

/// Judges a call that has to pass several lists of rules, one after another; `request` is what is
/// known of the request.
pub fn authorize(asked: &[Asked<'_>], request: Option<&Request>) -> Passage {
    let reads = asked.iter().any(|gate| gate.caller.layer == Layer::Http);
    let Some(candidates) = candidates::of(asked, request.filter(|_| reads)) else {
        return Passage::REFUSED;
    };
    let anything = Attempt {
        open: true,
        ..Attempt::default()
    };
    if request.is_none() || !reads {
        // who calls is often enough to tell
        let passage = pass(asked, &candidates, &mut anything.clone());
        if passage.passes != Tri::Unknown || !reads {
            return passage;
        }
    }
    let mut best: Option<Passage> = None;
    let mut judge = |attempt: &mut Attempt| {
        let passage = pass(asked, &candidates, attempt);
        let better = match (&best, passage.passes) {
            (None, _) | (_, Tri::Yes) => true,
            // the further a request gets, the more there is to say of it
            (Some(known), Tri::No) => {
                known.passes == Tri::No && passage.decisions.len() > known.decisions.len()
            }
            (Some(known), Tri::Unknown) => known.passes == Tri::No,
        };
        let done = passage.passes == Tri::Yes;
        if better {
            best = Some(passage);
        }
        !done
    };
    // of too many to try all, what one rule looks for, and nothing besides, is most likely let in by it
    let rules = asked.iter().flat_map(|gate| {
        let may_allow = |rule: &&Rule| {
            rule.then == Effect::Allow && evaluate(&rule.when, &gate.caller, &anything) != Tri::No
        };
        gate.rules.rules.iter().filter(may_allow)
    });
    let many = candidates.are_many();
    let stops = rules.filter(|_| many).any(|rule| {
        let alone = candidates::of_rule(asked, request, rule);
        alone.is_some_and(|alone| alone.some(&mut judge))
    });
    let complete = stops || candidates.each(&mut judge);
    let mut best = best.unwrap_or(Passage::REFUSED);
    if !complete && best.passes == Tri::No {
        best.passes = Tri::Unknown;
        if let (Some(last), Some(gate)) = (best.decisions.last_mut(), asked.last()) {
            let at = gate.rules.because.at().clone();
            last.passes = Tri::Unknown;
            last.depends_on
                .push(("more kinds of request than were tried".to_owned(), at));
        }
    }
    best
}

/// Whether a request passes that no rule about callers singles out: only what routes look for is
/// tried.
pub(super) fn lets_in_anyone(asked: &[Asked<'_>]) -> bool {
    let Some(candidates) = candidates::routed(asked) else {
        return false;
    };
    let mut found = false;
    candidates.each(&mut |attempt| {
        found = pass(asked, &candidates, attempt).passes == Tri::Yes;
        !found
    });
    found
}

/// One request through all gates, up to the first that does not let it pass.
fn pass(asked: &[Asked<'_>], candidates: &Candidates, request: &mut Attempt) -> Passage {
    let mut passage = Passage {
        passes: Tri::Yes,
        decisions: Vec::with_capacity(asked.len()),
    };
    let mut normalized = candidates.normalization();
    for (number, gate) in asked.iter().enumerate() {
        let own = gate.rules.normalization;
        if gate.caller.layer == Layer::Http && own != normalized {
            if !request.normalize(own) {
                passage.passes = Tri::No;
                break;
            }
            normalized = own;
        }
        candidates.show(number, gate, request);
        let decision = walk(gate.rules, &gate.caller, request);
        passage.passes = passage.passes.and(decision.passes);
        let ends = decision.passes == Tri::No;
        passage.decisions.push(decision);
        if ends {
            break;
        }
        if let Some(rewrite) = gate.rewrite {
            request.rewrite(rewrite);
        }
    }
    passage
}

/// Walks the rules for one request: the first that matches decides.
pub fn walk(rules: &Ruleset, caller: &Caller<'_>, attempt: &Attempt) -> Decision {
    let mut uncertain: Vec<&Rule> = Vec::new();
    let mut first = None;
    for (place, rule) in rules.rules.iter().enumerate() {
        match (evaluate(&rule.when, caller, attempt), &rule.then) {
            (Tri::No, _) | (_, Effect::Audit) => {}
            (Tri::Yes, Effect::Allow | Effect::Deny | Effect::Unlisted) => {
                first = Some((place, rule));
                break;
            }
            (Tri::Yes, Effect::Delegate(_)) | (Tri::Unknown, _) => uncertain.push(rule),
        }
    }
    let allows = *first.map_or(&rules.otherwise, |(_, rule)| &rule.then) == Effect::Allow;
    // what may have come before counts only where it would have decided otherwise; a provider that
    // is asked can only refuse
    uncertain.retain(|rule| (rule.then == Effect::Allow) != allows);
    let mut depends_on = Vec::new();
    for rule in &uncertain {
        match &rule.then {
            Effect::Delegate(to) => depends_on.push((
                format!("the provider {} decides", to.provider),
                rule.at.clone(),
            )),
            _ => unknowns(&rule.when, caller, attempt, &mut depends_on),
        }
    }
    Decision {
        passes: match uncertain.is_empty() {
            true => allows.into(),
            false => Tri::Unknown,
        },
        rule: first.map(|(_, rule)| rule.at.clone()),
        place: first.map(|(place, _)| place),
        depends_on,
    }
}

/// The tests in a condition that could not be answered.
fn unknowns(when: &When, caller: &Caller<'_>, attempt: &Attempt, into: &mut Vec<(String, At)>) {
    when.each_test(&mut |test, at| {
        if holds(test, caller, attempt) == Tri::Unknown {
            into.push((describe_unknown(test), at.clone()));
        }
    });
}

fn describe_unknown(test: &Test) -> String {
    match test {
        Test::PeerAddress(range) => format!("whether the caller's address is in {range}"),
        Test::PeerInside(_) => "whether the caller's address is one of the cluster".to_owned(),
        Test::ClientAddress(range) => format!("whether the client's address is in {range}"),
        Test::DestinationAddress(range) => format!("whether the address it dials is in {range}"),
        Test::TokenRefused(_) => "whether the token is accepted".to_owned(),
        Test::Unknowable(what) => format!("{what}, which no file can tell"),
        _ => "something that is not known".to_owned(),
    }
}

/// Whether a condition holds.
pub fn evaluate(when: &When, caller: &Caller<'_>, attempt: &Attempt) -> Tri {
    match when {
        When::Always => Tri::Yes,
        When::Never => Tri::No,
        When::Is(test, _) => holds(test, caller, attempt),
        When::All(of) => Tri::all(of.iter().map(|when| evaluate(when, caller, attempt))),
        When::Any(of) => Tri::any(of.iter().map(|when| evaluate(when, caller, attempt))),
        When::Not(inner) => evaluate(inner, caller, attempt).not(),
    }
}

/// Whether a test on the proven identity holds; nothing for other tests.
pub fn holds_identity(test: &Test, identity: Option<&Identity>) -> Option<bool> {
    let result = match test {
        Test::Identity(value) => identity.is_some_and(|id| value.matches(&id.name)),
        Test::IdentityNamespace(value) => identity.is_some_and(|id| glob(value, &id.namespace)),
        Test::IdentityServiceAccount { namespace, name } => {
            identity.is_some_and(|id| id.namespace == *namespace && id.service_account == *name)
        }
        Test::IdentityTrustDomain(value) => {
            identity.is_some_and(|id| value.matches(&id.trust_domain))
        }
        _ => return None,
    };
    Some(result)
}

fn holds(test: &Test, caller: &Caller<'_>, attempt: &Attempt) -> Tri {
    if let Some(known) = holds_identity(test, caller.identity) {
        return known.into();
    }
    let address = |known: Option<IpAddr>, range| match known {
        Some(address) => Tri::from(contains(range, address)),
        // every address is in a range of everything
        None if range.prefix_len() == 0 => Tri::Yes,
        None => Tri::Unknown,
    };
    let any_token = |is: &dyn Fn(&Token) -> bool| Tri::from(attempt.tokens.accepted.iter().any(is));
    match test {
        Test::ClientAddress(_)
        | Test::Method(_)
        | Test::Path(_)
        | Test::Host(_)
        | Test::HostName(_)
        | Test::Authority(_)
        | Test::Query { .. }
        | Test::AnyQuery { .. }
        | Test::Header { .. }
            if attempt.open && caller.layer == Layer::Http =>
        {
            Tri::Unknown
        }
        Test::PeerAddress(range) => address(caller.peer, range),
        Test::PeerInside(ranges) => match caller.peer {
            Some(address) => ranges.iter().any(|range| contains(range, address)).into(),
            None if caller.inside => Tri::Yes,
            None => Tri::Unknown,
        },
        Test::ClientAddress(range) => address(attempt.client_address, range),
        Test::DestinationAddress(range) => address(caller.destination, range),
        Test::Port(port) => (caller.port == *port).into(),
        Test::ServerName(value) => caller
            .server_name
            .as_ref()
            .is_some_and(|name| value.matches(name))
            .into(),
        Test::Method(value) => value.matches(&attempt.method).into(),
        Test::Path(value) => matches_path(value, &attempt.path).into(),
        Test::Host(value) => value.matches(&attempt.host).into(),
        Test::Query { name, value } => attempt
            .parameter(name)
            .is_some_and(|given| *value == StringMatch::Any || value.matches(given))
            .into(),
        Test::AnyQuery { name, value } => form_urlencoded::parse(attempt.query.as_bytes())
            .any(|(known, given)| *known == **name && value.matches(&given))
            .into(),
        Test::HostName(value) => value.matches(without_port(&attempt.host)).into(),
        Test::Authority(value) => value.matches(&attempt.authority).into(),
        Test::Header { name, value } if names_host(name) => {
            (*value == StringMatch::Any || value.matches(&attempt.authority)).into()
        }
        Test::Header { name, value } => attempt
            .headers
            .iter()
            .any(|line| {
                *line.name == **name && (*value == StringMatch::Any || value.matches(&line.value))
            })
            .into(),
        Test::TokenPrincipal { issuer, subject } => any_token(&|token| {
            issuer.matches(&token.issuer) && matches_claim(token, &["sub".into()], subject)
        }),
        Test::TokenClaim { path, value } => any_token(&|token| matches_claim(token, path, value)),
        Test::TokenText {
            issuer,
            path,
            value,
        } => any_token(&|token| issuer.matches(&token.issuer) && is_claim(token, path, value)),
        Test::TokenRefused(_) if attempt.tokens.unjudged => Tri::Unknown,
        Test::TokenRefused(_) => attempt.tokens.refused.into(),
        Test::Given => attempt.given.into(),
        Test::Unknowable(_) => Tri::Unknown,
        Test::Identity(_)
        | Test::IdentityNamespace(_)
        | Test::IdentityServiceAccount { .. }
        | Test::IdentityTrustDomain(_) => Tri::No,
    }
}

/// A host as it is without `:port`.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

/// `*` stands for any text, anywhere.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((before, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(text) = text.strip_prefix(before) else {
        return false;
    };
    let starts = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    starts
        .into_iter()
        .any(|at| text.get(at..).is_some_and(|tail| glob(rest, tail)))
}

/// Whether a path matches.
pub fn matches_path(value: &PathMatch, path: &str) -> bool {
    match value {
        PathMatch::Text(text) => text.matches(path),
        PathMatch::Template(segments) => matches_template(segments, path),
    }
}

fn matches_template(segments: &[Segment], path: &str) -> bool {
    let Some((first, rest)) = segments.split_first() else {
        return path.is_empty();
    };
    let mut taken = path.char_indices().map(|(at, _)| at).chain([path.len()]);
    match first {
        Segment::Literal(text) => path
            .strip_prefix(&**text)
            .is_some_and(|tail| matches_template(rest, tail)),
        Segment::One => taken.skip(1).any(|at| {
            let (one, tail) = path.split_at(at);
            one.bytes().all(in_segment) && matches_template(rest, tail)
        }),
        Segment::Rest => taken.any(|at| {
            let (some, tail) = path.split_at(at);
            some.bytes().all(|b| b == b'/' || in_segment(b)) && matches_template(rest, tail)
        }),
    }
}

/// The characters that a template's operators take.
fn in_segment(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()+,;:@=*".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        Because, EscapedSlashes, HeaderLine, Normalization, ResourceId, Underscores,
    };
    use crate::reach::caller::ClientAddress;

    /// Whoever is not refused by these tests may pass.
    fn gate(normalization: Normalization, refused: Option<Test>) -> Ruleset {
        let at = At::new(ResourceId(0), "");
        let rule = |test| Rule {
            when: When::Is(test, at.clone()),
            then: Effect::Deny,
            at: at.clone(),
        };
        Ruleset {
            rules: refused.map(rule).into_iter().collect(),
            otherwise: Effect::Allow,
            because: Because::Configured(at),
            normalization,
            tokens: None,
        }
    }

    fn nobody<'a>() -> Caller<'a> {
        Caller {
            identity: None,
            peer: None,
            inside: true,
            destination: None,
            port: 1,
            server_name: None,
            layer: Layer::Http,
            client: ClientAddress::Written(None),
        }
    }

    /// What two proxies, one behind the other, say of a request: whether it passes, and how many of
    /// them were asked.
    fn behind(first: Normalization, second: &Ruleset, path: &str, header: &str) -> (Tri, usize) {
        let first = gate(first, None);
        let asked = [Asked::who(&first, nobody()), Asked::who(second, nobody())];
        let request = Request {
            method: Some("GET".to_owned()),
            path: Some(path.to_owned()),
            headers: vec![HeaderLine {
                name: header.to_owned(),
                value: String::new(),
            }],
            ..Request::default()
        };
        let passage = authorize(&asked, Some(&request));
        (passage.passes, passage.decisions.len())
    }

    #[test]
    fn each_proxy_reads_a_request_in_its_own_way() {
        let path = |text: &str| Test::Path(PathMatch::Text(StringMatch::Exact(text.into())));
        let secret = gate(Normalization::BASE, Some(path("/secret")));
        let (plain, dots) = ("/secret", "/x/../secret");
        assert_eq!(
            behind(Normalization::NONE, &secret, plain, "a"),
            (Tri::No, 2)
        );
        assert_eq!(
            behind(Normalization::NONE, &secret, dots, "a"),
            (Tri::No, 2)
        );
        assert_eq!(
            behind(Normalization::BASE, &secret, dots, "a"),
            (Tri::No, 2)
        );
        let literal = gate(Normalization::NONE, Some(path("/secret")));
        assert_eq!(
            behind(Normalization::NONE, &literal, dots, "a"),
            (Tri::Yes, 2)
        );
        assert_eq!(
            behind(Normalization::BASE, &literal, dots, "a"),
            (Tri::No, 2)
        );

        let strict = Normalization {
            escaped_slashes: EscapedSlashes::Refuse,
            underscores: Underscores::Refuse,
            ..Normalization::BASE
        };
        let strict_gate = gate(strict, None);
        for (path, header, passes) in [
            ("/a", "x-a", (Tri::Yes, 2)),
            ("/a%2f", "x-a", (Tri::No, 1)),
            ("/a", "x_a", (Tri::No, 1)),
        ] {
            let behind_plain = behind(Normalization::NONE, &strict_gate, path, header);
            assert_eq!(behind_plain, passes, "{path} {header}");
        }
        assert_eq!(behind(strict, &strict_gate, "/a%2f", "x-a"), (Tri::No, 0));
        let dropping = Normalization {
            underscores: Underscores::Drop,
            ..Normalization::BASE
        };
        let name = "x_a".into();
        let value = StringMatch::Any;
        let refuses = gate(dropping, Some(Test::Header { name, value }));
        assert_eq!(behind(dropping, &refuses, "/", "x_a"), (Tri::Yes, 2));
        assert_eq!(
            behind(Normalization::BASE, &refuses, "/", "x_a"),
            (Tri::Yes, 2)
        );
    }

    #[test]
    fn a_host_is_compared_as_it_is_sent_or_in_lower_case() {
        let exact = |text: &str| StringMatch::Exact(text.into());
        let header = |name: &str, text: &str| Test::Header {
            name: name.into(),
            value: exact(text),
        };
        for (test, host, refused) in [
            (Test::Authority(exact("Api:80")), Some("Api:80"), true),
            (Test::Authority(exact("Api:80")), Some("api:80"), false),
            (Test::Authority(exact("Api")), Some("Api:80"), false),
            (Test::Host(exact("api:80")), Some("Api:80"), true),
            (Test::HostName(exact("api")), Some("Api:80"), true),
            (header("host", "Api:80"), Some("Api:80"), true),
            (header("host", "api:80"), Some("Api:80"), false),
            (header(":authority", "Api:80"), Some("Api:80"), true),
            // any other may be asked for
            (Test::Authority(exact("Api:80")), None, false),
        ] {
            let rules = gate(Normalization::BASE, Some(test.clone()));
            let request = Request {
                host: host.map(str::to_owned),
                ..Request::default()
            };
            let passes = authorize(&[Asked::who(&rules, nobody())], Some(&request)).passes;
            assert_eq!(passes == Tri::No, refused, "{test:?} {host:?}");
        }
        // one that is asked for by no other name
        let at = At::new(ResourceId(0), "");
        let mut rules = gate(Normalization::BASE, None);
        rules.otherwise = Effect::Deny;
        rules.rules.push(Rule {
            when: When::Is(Test::Authority(exact("Api:80")), at.clone()),
            then: Effect::Allow,
            at,
        });
        let any = authorize(&[Asked::who(&rules, nobody())], None);
        assert_eq!(any.passes, Tri::Yes);
    }
}
