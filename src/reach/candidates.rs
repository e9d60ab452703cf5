//! The requests worth trying: one witness for each way that rules could be met or avoided.
//!
//! A witness of a prefix goes on with a text that stands in no rule, so that it meets nothing but
//! what every text with that prefix meets; likewise for the other patterns. So if none of the
//! witnesses passes, no request does.

use std::net::IpAddr;

use super::caller::{Attempt, Caller, judge_token};
use super::normalize;
use crate::model::{HeaderLine, PathMatch, Request, Ruleset, Segment, StringMatch, Test};

/// A text that stands in no rule.
const ANY: &str = "meshvet-any";

/// Most combinations that are tried.
const LIMIT: usize = 20_000;

/// What may be tried for each part of a request.
#[derive(Debug)]
pub struct Candidates {
    methods: Vec<String>,
    paths: Vec<String>,
    hosts: Vec<String>,
    /// For each header that a rule names: its lines.
    headers: Vec<Vec<Vec<HeaderLine>>>,
    addresses: Vec<Option<IpAddr>>,
    base: Attempt,
}

/// The candidates; nothing where the proxy refuses the request before it asks any policy.
pub fn of(rules: &Ruleset, caller: &Caller<'_>, request: Option<&Request>) -> Option<Candidates> {
    let mut patterns = Patterns::default();
    for rule in &rules.rules {
        rule.when.each_test(&mut |test, _| patterns.add(test));
    }
    let given = request.cloned().unwrap_or_default();
    let methods = match &given.method {
        Some(method) if !normalize::METHODS.contains(&method.as_str()) => return None,
        Some(method) => vec![method.clone()],
        None => patterns.methods(),
    };
    let paths = match &given.path {
        Some(path) => vec![normalize::path(path, rules.normalization)?],
        None => {
            let tried = patterns.paths().into_iter();
            tried
                .filter_map(|path| normalize::path(&path, rules.normalization))
                .collect()
        }
    };
    let hosts = match &given.host {
        Some(host) => vec![host.to_lowercase()],
        None => patterns.hosts(),
    };
    let lines: Vec<HeaderLine> = given
        .headers
        .iter()
        .map(|line| HeaderLine {
            name: line.name.to_lowercase(),
            value: line.value.clone(),
        })
        .collect();
    let (headers, addresses) = match request {
        Some(_) => (Vec::new(), vec![client_address(&lines, caller.peer)]),
        None => (patterns.headers(), patterns.addresses(caller.peer)),
    };
    let mut base = Attempt {
        headers: lines,
        ..Attempt::default()
    };
    present_token(rules, &given, &mut base);
    Some(Candidates {
        methods,
        paths,
        hosts,
        headers,
        addresses,
        base,
    })
}

/// Shows the request's token to the server.
fn present_token(rules: &Ruleset, request: &Request, attempt: &mut Attempt) {
    let Some(accepted) = &rules.tokens else {
        return;
    };
    let preflight = request.method.as_deref() == Some("OPTIONS")
        && ["origin", "access-control-request-method"]
            .iter()
            .all(|&name| attempt.headers.iter().any(|line| line.name == name));
    if let Some(token) = &request.token {
        let (good, refused) = judge_token(accepted, token);
        attempt.token = good.then(|| token.clone());
        attempt.token_refused = refused && !preflight;
        return;
    }
    if preflight || !accepted.iter().any(|rule| rule.default_location) {
        return;
    }
    let bearer = attempt
        .headers
        .iter()
        .filter(|line| line.name == "authorization")
        .find_map(|line| line.value.strip_prefix("Bearer "));
    let query = request
        .path
        .as_deref()
        .and_then(|path| path.split_once('?'))
        .map_or("", |(_, q)| q);
    let parameter = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("access_token="));
    if let Some(raw) = bearer.or(parameter) {
        // three parts may be a token that is accepted: its signature cannot be judged here
        let shaped = raw.split('.').count() == 3 && !raw.contains(char::is_whitespace);
        attempt.token_unjudged = shaped;
        attempt.token_refused = !shaped;
    }
}

/// The last element of X-Forwarded-For, if it is an address; else the peer.
fn client_address(lines: &[HeaderLine], peer: Option<IpAddr>) -> Option<IpAddr> {
    let forwarded: Vec<&str> = lines
        .iter()
        .filter(|line| line.name == "x-forwarded-for")
        .flat_map(|line| line.value.split(','))
        .collect();
    let last = forwarded.last().and_then(|last| last.trim().parse().ok());
    last.or(peer)
}

impl Candidates {
    /// Calls `visit` with one request after another while it returns true. Returns whether all
    /// were visited, or it was told to stop.
    pub fn each(&self, visit: &mut dyn FnMut(&Attempt) -> bool) -> bool {
        let mut dimensions = vec![
            self.methods.len(),
            self.paths.len(),
            self.hosts.len(),
            self.addresses.len(),
        ];
        dimensions.extend(self.headers.iter().map(Vec::len));
        if dimensions.contains(&0) {
            return true;
        }
        let mut at = vec![0; dimensions.len()];
        let mut attempt = self.base.clone();
        for _ in 0..LIMIT {
            self.fill(&at, &mut attempt);
            if !visit(&attempt) {
                return true;
            }
            if !advance(&mut at, &dimensions) {
                return true;
            }
        }
        false
    }

    fn fill(&self, at: &[usize], attempt: &mut Attempt) {
        let pick = |list: &Vec<String>, i: usize| {
            at.get(i)
                .and_then(|&at| list.get(at))
                .cloned()
                .unwrap_or_default()
        };
        attempt.method = pick(&self.methods, 0);
        attempt.path = pick(&self.paths, 1);
        attempt.host = pick(&self.hosts, 2);
        attempt.client_address = at
            .get(3)
            .and_then(|&at| self.addresses.get(at))
            .copied()
            .flatten();
        if !self.headers.is_empty() {
            attempt.headers = self.base.headers.clone();
            for (choices, &chosen) in self.headers.iter().zip(at.iter().skip(4)) {
                attempt
                    .headers
                    .extend(choices.get(chosen).into_iter().flatten().cloned());
            }
        }
    }
}

/// The next combination, like an odometer.
fn advance(at: &mut [usize], dimensions: &[usize]) -> bool {
    for (digit, &limit) in at.iter_mut().zip(dimensions) {
        *digit += 1;
        if *digit < limit {
            return true;
        }
        *digit = 0;
    }
    false
}

/// The patterns that rules use, by part of the request.
#[derive(Default)]
struct Patterns {
    methods: Vec<StringMatch>,
    paths: Vec<PathMatch>,
    hosts: Vec<StringMatch>,
    headers: Vec<(String, StringMatch)>,
    addresses: Vec<ipnet::IpNet>,
}

impl Patterns {
    fn add(&mut self, test: &Test) {
        match test {
            Test::Method(value) => push(&mut self.methods, value.clone()),
            Test::Path(value) => push(&mut self.paths, value.clone()),
            Test::Host(value) => push(&mut self.hosts, value.clone()),
            Test::Header { name, value } => {
                push(&mut self.headers, (name.to_string(), value.clone()))
            }
            Test::ClientAddress(range) => push(&mut self.addresses, *range),
            _ => {}
        }
    }

    /// Every method that rules tell apart, and one that they do not.
    fn methods(&self) -> Vec<String> {
        let key = |method: &str| -> Vec<bool> {
            self.methods.iter().map(|m| m.matches(method)).collect()
        };
        let mut seen: Vec<Vec<bool>> = Vec::new();
        let mut methods = Vec::new();
        for method in normalize::METHODS {
            let key = key(method);
            if !seen.contains(&key) {
                seen.push(key);
                methods.push((*method).to_owned());
            }
        }
        methods
    }

    fn paths(&self) -> Vec<String> {
        let texts: Vec<StringMatch> = self
            .paths
            .iter()
            .filter_map(|path| match path {
                PathMatch::Text(text) => Some(text.clone()),
                PathMatch::Template(_) => None,
            })
            .collect();
        let any = format!("/{ANY}");
        let mut paths = witnesses(&texts, &any);
        for path in &self.paths {
            if let PathMatch::Template(segments) = path {
                push(&mut paths, template_witness(segments));
            }
        }
        for path in &mut paths {
            if !path.starts_with('/') {
                *path = format!("{any}{path}");
            }
        }
        paths
    }

    fn hosts(&self) -> Vec<String> {
        witnesses(&self.hosts, &format!("{ANY}.invalid"))
    }

    /// For each header, that it is absent, and each way its line may look.
    fn headers(&self) -> Vec<Vec<Vec<HeaderLine>>> {
        let mut names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
            .into_iter()
            .map(|name| {
                let values: Vec<StringMatch> = self
                    .headers
                    .iter()
                    .filter(|(of, _)| of == name)
                    .map(|(_, value)| value.clone())
                    .collect();
                let line = |value| {
                    vec![HeaderLine {
                        name: name.to_owned(),
                        value,
                    }]
                };
                std::iter::once(Vec::new())
                    .chain(witnesses(&values, ANY).into_iter().map(line))
                    .collect()
            })
            .collect()
    }

    /// The caller chooses the address that headers give it; without a header it is the peer's.
    fn addresses(&self, peer: Option<IpAddr>) -> Vec<Option<IpAddr>> {
        if self.addresses.is_empty() {
            return vec![peer];
        }
        let mut addresses = vec![peer];
        for range in &self.addresses {
            push(&mut addresses, Some(range.network()));
            push(&mut addresses, Some(range.broadcast()));
        }
        let free = ["198.51.100.254", "233.252.0.254", "2001:db8:ffff::fffe"];
        let outside = free.iter().filter_map(|text| text.parse().ok());
        for address in outside {
            if !self.addresses.iter().any(|range| range.contains(&address)) {
                push(&mut addresses, Some(address));
            }
        }
        addresses
    }
}

fn push<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// One text for each pattern, for each prefix with each suffix, and one that meets none.
fn witnesses(patterns: &[StringMatch], any: &str) -> Vec<String> {
    let mut texts = vec![any.to_owned()];
    for pattern in patterns {
        match pattern {
            StringMatch::Any => {}
            StringMatch::Exact(text) => push(&mut texts, text.to_string()),
            StringMatch::Prefix(text) => {
                push(&mut texts, format!("{text}{ANY}"));
                for other in patterns {
                    if let StringMatch::Suffix(suffix) = other {
                        push(&mut texts, format!("{text}{ANY}{suffix}"));
                    }
                }
            }
            StringMatch::Suffix(text) => push(&mut texts, format!("{any}{text}")),
        }
    }
    texts
}

fn template_witness(segments: &[Segment]) -> String {
    segments
        .iter()
        .map(|segment| match segment {
            Segment::Literal(text) => &**text,
            Segment::One | Segment::Rest => ANY,
        })
        .collect()
}
