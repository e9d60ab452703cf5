//! The requests worth trying: one witness for each way that rules could be met or avoided.
//!
//! A witness of a prefix goes on with a text that stands in no rule, so that it meets nothing but
//! what every text with that prefix meets; likewise for the other patterns. So if none of the
//! witnesses passes, no request does.

mod patterns;

use std::net::IpAddr;

use patterns::Patterns;

use super::caller::{Asked, Attempt, ClientAddress};
use super::normalize;
use super::token::{Presented, present};
use crate::model::{Addresses, HeaderLine, Layer, Normalization, PathRewrite, Request, Rule};

/// Most combinations that are tried.
const LIMIT: usize = 20_000;

/// Most combinations that are tried of what one rule looks for.
const LIMIT_OF_RULE: usize = 200;

/// What may be tried for each part of a request.
#[derive(Debug)]
pub struct Candidates {
    methods: Vec<String>,
    paths: Vec<String>,
    hosts: Vec<String>,
    /// For each header that a rule names: its line, if there is one.
    headers: Vec<Vec<Option<HeaderLine>>>,
    /// For each parameter of the query that a rule names: how it may stand there, if at all.
    parameters: Vec<Vec<Option<String>>>,
    addresses: Vec<Option<IpAddr>>,
    base: Attempt,
    /// What became of them already.
    normalization: Normalization,
    /// Whether there may be requests that none of these stands for.
    open: bool,
    /// What each gate makes of the tokens.
    tokens: Vec<Presented>,
}

/// The candidates for a way through all gates; nothing where a proxy refuses the request before it
/// asks any policy.
pub fn of(asked: &[Asked<'_>], request: Option<&Request>) -> Option<Candidates> {
    looking_for(asked, request, |_, _| true)
}

/// The candidates that only routes tell apart.
pub fn routed(asked: &[Asked<'_>]) -> Option<Candidates> {
    looking_for(asked, None, |gate, _| gate.routes)
}

/// The candidates that one rule tells apart.
pub fn of_rule(asked: &[Asked<'_>], request: Option<&Request>, rule: &Rule) -> Option<Candidates> {
    looking_for(asked, request, |_, one| std::ptr::eq(one, rule))
}

fn looking_for(
    asked: &[Asked<'_>],
    request: Option<&Request>,
    counts: impl Fn(&Asked<'_>, &Rule) -> bool,
) -> Option<Candidates> {
    let mut patterns = Patterns::default();
    let mut rewrites: Vec<&PathRewrite> = Vec::new();
    for gate in asked {
        for rule in gate.rules.rules.iter().filter(|rule| counts(gate, rule)) {
            patterns.add_all(rule, &rewrites);
        }
        rewrites.extend(gate.rewrite.and_then(|rewrite| rewrite.path.as_ref()));
    }
    let mut http = asked.iter().filter(|gate| gate.caller.layer == Layer::Http);
    let normalization = http
        .next()
        .map_or(Normalization::NONE, |gate| gate.rules.normalization);
    let peer = asked.first().and_then(|gate| gate.caller.peer);
    let given = request.cloned().unwrap_or_default();
    let methods = match &given.method {
        Some(method) if !normalize::takes_method(method, normalization) => return None,
        Some(method) => vec![method.clone()],
        None => patterns.methods(),
    };
    let paths = match &given.path {
        Some(path) => vec![normalize::path(path, normalization)?],
        None => {
            let tried = patterns.paths().into_iter();
            tried
                .filter_map(|path| normalize::path(&path, normalization))
                .collect()
        }
    };
    let hosts = match &given.host {
        Some(host) => vec![host.clone()],
        None => patterns.hosts(),
    };
    let query = given
        .path
        .as_deref()
        .map_or("", normalize::query)
        .to_owned();
    let lines = normalize::headers(&given.headers, normalization)?;
    let parameters = match &given.path {
        Some(_) => Vec::new(),
        None => patterns.parameters(),
    };
    let (headers, addresses) = match request {
        Some(_) => (Vec::new(), vec![last_forwarded(&lines).or(peer)]),
        None => (patterns.headers(normalization), patterns.addresses(peer)),
    };
    let replaced = |rewrite: &&PathRewrite| matches!(rewrite, PathRewrite::Fits { .. });
    let open = patterns.fit_others(&given, request.is_some())
        || (given.path.is_none() && rewrites.iter().any(replaced));
    let asked_about = request.is_some();
    let mut request = given;
    let tokens = asked
        .iter()
        .map(|gate| present(gate.rules, &mut request, &lines))
        .collect();
    Some(Candidates {
        methods,
        paths,
        hosts,
        headers,
        parameters,
        addresses,
        open,
        normalization,
        base: Attempt {
            headers: lines,
            query,
            given: asked_about,
            ..Attempt::default()
        },
        tokens,
    })
}

/// The elements of all X-Forwarded-For lines.
fn forwarded(lines: &[HeaderLine]) -> Vec<&str> {
    lines
        .iter()
        .filter(|line| line.name == "x-forwarded-for")
        .flat_map(|line| line.value.split(','))
        .map(str::trim)
        .collect()
}

/// The last element of X-Forwarded-For, if it is an address.
fn last_forwarded(lines: &[HeaderLine]) -> Option<IpAddr> {
    forwarded(lines).last().and_then(|last| last.parse().ok())
}

/// The client's address as a gate has it; `tried` is the one that the last element would name.
fn client_address(gate: &Asked<'_>, tried: &Attempt) -> Option<IpAddr> {
    let caller = &gate.caller;
    match caller.client {
        _ if caller.layer == Layer::Tcp => caller.peer,
        ClientAddress::Written(address) => address,
        ClientAddress::Read(Addresses::Last) => tried.client_address,
        ClientAddress::Read(Addresses::Trusted(0)) => caller.peer,
        ClientAddress::Read(Addresses::Trusted(hops)) => {
            let elements = forwarded(&tried.headers);
            let at = elements.len().checked_sub(hops as usize);
            let named = at.and_then(|at| elements.get(at)?.parse().ok());
            named.or(caller.peer)
        }
    }
}

impl Candidates {
    /// What became already of the requests, at the first proxy that reads them.
    pub fn normalization(&self) -> Normalization {
        self.normalization
    }

    /// Makes a request what the gate of this number sees of it.
    pub fn show(&self, number: usize, gate: &Asked<'_>, request: &mut Attempt) {
        request.client_address = client_address(gate, request);
        if let Some(presented) = self.tokens.get(number) {
            request.tokens.clone_from(presented);
        }
    }

    /// Whether there are more than are tried.
    pub fn are_many(&self) -> bool {
        let product = self
            .dimensions()
            .into_iter()
            .try_fold(1_usize, usize::checked_mul);
        product.is_none_or(|product| product > LIMIT)
    }

    /// Calls `visit` with one request after another while it returns true. Returns whether all
    /// were visited, or it was told to stop.
    pub fn each(&self, visit: &mut dyn FnMut(&mut Attempt) -> bool) -> bool {
        self.first(LIMIT, visit)
    }

    /// The same with some of them, where these are the candidates of one rule. Returns whether it was
    /// told to stop.
    pub fn some(&self, visit: &mut dyn FnMut(&mut Attempt) -> bool) -> bool {
        let mut stopped = false;
        self.first(LIMIT_OF_RULE, &mut |attempt| {
            stopped = !visit(attempt);
            !stopped
        });
        stopped
    }

    fn dimensions(&self) -> Vec<usize> {
        let mut dimensions = vec![
            self.methods.len(),
            self.paths.len(),
            self.hosts.len(),
            self.addresses.len(),
        ];
        dimensions.extend(self.headers.iter().map(Vec::len));
        dimensions.extend(self.parameters.iter().map(Vec::len));
        dimensions
    }

    fn first(&self, limit: usize, visit: &mut dyn FnMut(&mut Attempt) -> bool) -> bool {
        let dimensions = self.dimensions();
        if dimensions.contains(&0) {
            return true;
        }
        let mut at = vec![0; dimensions.len()];
        let mut attempt = self.base.clone();
        for _ in 0..limit {
            self.fill(&at, &mut attempt);
            if !visit(&mut attempt) {
                return true;
            }
            if !advance(&mut at, &dimensions) {
                return !self.open;
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
        attempt.open = false;
        attempt.method = pick(&self.methods, 0);
        attempt.path = pick(&self.paths, 1);
        attempt.ask_for(&pick(&self.hosts, 2));
        attempt.client_address = at
            .get(3)
            .and_then(|&at| self.addresses.get(at))
            .copied()
            .flatten();
        attempt.headers.clone_from(&self.base.headers);
        for (choices, &chosen) in self.headers.iter().zip(at.iter().skip(4)) {
            let line = choices.get(chosen).and_then(Option::as_ref);
            attempt.headers.extend(line.cloned());
        }
        attempt.query.clone_from(&self.base.query);
        let chosen = at.iter().skip(4 + self.headers.len());
        for (choices, &chosen) in self.parameters.iter().zip(chosen) {
            if let Some(Some(pair)) = choices.get(chosen) {
                if !attempt.query.is_empty() {
                    attempt.query.push('&');
                }
                attempt.query.push_str(pair);
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
