//! Which of several routes a request takes: the host that fits best, then the match that fits best,
//! then the route that is preferred.
//!
//! `linkerd/linkerd2-proxy: linkerd/http/route/src/lib.rs` (find). How much of a path an expression
//! fits is known with the path only. So every path that a route names is looked at by itself first,
//! where each match has a length; behind these, expressions fit more than any path that is named.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::request::{Path, Wanted, begins, is};
use super::{Route, Rules, call};
use crate::mesh::linkerd::crd::{HttpRule, Parent};
use crate::model::{At, Effect, Rule, StringMatch, Test, When};

/// A way to take a route.
#[derive(Debug, Clone)]
pub struct Branch<'a> {
    /// Which requests take it, where none before does.
    pub when: When,
    /// The route.
    pub route: &'a Route,
    /// The rule, or the route where it has but one for everything.
    pub at: At,
    /// Where it says that the proxy answers by itself.
    pub answers: Option<At>,
    /// Where a route that is not on a Server leads; none is where the call goes anyway.
    pub backends: &'a [Parent],
}

/// How well a host fits; what fits better is less.
type HostFit = Reverse<(u8, usize)>;

/// How well a request fits; what fits better is less. First whether a path by itself is looked at,
/// an expression, or all below a path; then the length; then the rest.
type Fit = (HostFit, u8, Reverse<(usize, usize, usize, bool)>);

/// The ways to take some routes, in the order in which they are tried; nothing where the proxy cannot
/// read one of them (its place), and refuses everything.
pub fn branches<'a>(routes: &[&'a Route]) -> Result<Vec<Branch<'a>>, At> {
    let mut named = BTreeSet::new();
    for route in routes {
        if let Rules::Http(rules) = &route.rules {
            for one in rules.iter().flat_map(|rule| &rule.wanted) {
                match &one.path {
                    Path::Exact(path) => named.insert(path.clone()),
                    Path::Below(path) => named.insert(trimmed(path).to_owned()),
                    Path::Fits(_) => false,
                };
            }
        }
    }
    named.insert("/".to_owned());
    let mut found: Vec<(Fit, Branch<'a>)> = Vec::new();
    for route in routes {
        let ways = ways(route, &named)?;
        for (host, host_fit) in hosts(route) {
            for (fit, branch) in &ways {
                let mut branch = branch.clone();
                branch.when = When::all(vec![host.clone(), branch.when]);
                found.push(((host_fit, fit.0, fit.1), branch));
            }
        }
    }
    found.sort_by_key(|(fit, _)| *fit);
    Ok(found.into_iter().map(|(_, branch)| branch).collect())
}

/// The rules by which requests get where some routes are asked: a way that leads there lets them pass,
/// another one does not.
pub fn leading(routes: &[&Route], there: impl Fn(&Branch<'_>) -> bool) -> Vec<Rule> {
    let branches = match branches(routes) {
        Ok(branches) => branches,
        Err(at) => {
            return vec![Rule {
                when: When::Always,
                then: Effect::Deny,
                at,
            }];
        }
    };
    let rule = |branch: Branch<'_>| Rule {
        then: match branch.answers.is_none() && there(&branch) {
            true => Effect::Allow,
            false => Effect::Deny,
        },
        when: branch.when,
        at: branch.at,
    };
    branches.into_iter().map(rule).collect()
}

type Way<'a> = ((u8, Reverse<(usize, usize, usize, bool)>), Branch<'a>);

/// The ways to take one route, whatever the host.
fn ways<'a>(route: &'a Route, named: &BTreeSet<String>) -> Result<Vec<Way<'a>>, At> {
    let mut found = Vec::new();
    let list = route.field("/spec/rules");
    match &route.rules {
        Rules::Http(rules) => {
            for (i, rule) in rules.iter().enumerate() {
                let at = list.join(i);
                let redirect = redirect(&rule.spec, &at);
                let mut add = |place, fit, when: When| {
                    let mut push = |when, answers| {
                        let branch = Branch {
                            when,
                            route,
                            at: at.clone(),
                            answers,
                            backends: &rule.spec.backend_refs,
                        };
                        found.push(((place, Reverse(fit)), branch));
                    };
                    let Some((at, same)) = &redirect else {
                        return push(when, None);
                    };
                    push(When::all(vec![when.clone(), same.clone()]), None);
                    push(when, Some(at.clone()));
                };
                for one in &rule.wanted {
                    spread(one, named, &mut add);
                }
                if rule.wanted.is_empty() {
                    // the usual match: everything, as a path of one character
                    add(POINT, (1, 0, 0, false), is("/", &at));
                    add(BELOW, (1, 0, 0, false), When::Always);
                }
            }
        }
        Rules::Grpc(rules) => {
            for (i, rule) in rules.iter().enumerate() {
                let at = list.join(i);
                let mut add = |(service, method, headers), when| {
                    let branch = Branch {
                        when,
                        route,
                        at: at.clone(),
                        answers: None,
                        backends: &rule.backend_refs,
                    };
                    let fit = (service, method, headers, false);
                    found.push(((BELOW, Reverse(fit)), branch));
                };
                let all: Vec<_> = rule.matches.iter().flatten().collect();
                if all.is_empty() {
                    add((0, 0, 0), When::Always);
                }
                for (j, one) in all.into_iter().enumerate() {
                    let at = at.join("matches").join(j);
                    let (when, fit) = call::wanted(one, &at).ok_or(at)?;
                    add(fit, when);
                }
            }
        }
    }
    Ok(found)
}

/// Where a rule says that the proxy answers with another address, and the requests that are at that
/// address already, which it leaves alone.
/// `linkerd/linkerd2-proxy: linkerd/http/route/src/http/filter/redirect.rs`.
fn redirect(rule: &HttpRule, at: &At) -> Option<(At, When)> {
    let mut filters = rule.filters.iter().enumerate();
    let (i, filter) = filters.find(|(_, filter)| filter.kind == "RequestRedirect")?;
    let at = at.join("filters").join(i);
    let to = filter.request_redirect.clone().unwrap_or_default();
    let elsewhere = to.scheme.is_some_and(|scheme| scheme != "http") || to.port.is_some();
    let mut same = Vec::new();
    same.extend(to.hostname.map(|host| {
        let host = StringMatch::Exact(host.to_lowercase().into());
        When::Is(
            Test::Host(host),
            at.join("requestRedirect").join("hostname"),
        )
    }));
    if let Some(path) = to.path {
        match path.replace_full_path {
            Some(path) => same.push(is(&path, &at.join("requestRedirect").join("path"))),
            None => same.push(When::Never),
        }
    }
    let same = match elsewhere {
        true => When::Never,
        false => When::all(same),
    };
    Some((at, same))
}

/// A path by itself.
const POINT: u8 = 0;
/// What fits an expression.
const FITTING: u8 = 1;
/// All below a path.
const BELOW: u8 = 2;

/// The places in the order at which a match is looked at.
fn spread(
    one: &Wanted,
    named: &BTreeSet<String>,
    add: &mut dyn FnMut(u8, (usize, usize, usize, bool), When),
) {
    let (headers, parameters, method) = one.rest_fit;
    let fit = |length| (length, headers, parameters, method);
    let at = &one.path_at;
    let with = |path: When| When::all(vec![path, one.rest.clone()]);
    match &one.path {
        Path::Exact(path) => add(POINT, fit(path.len()), with(is(path, at))),
        Path::Fits(expression) => {
            for path in named.iter().filter(|path| expression.fits(path)) {
                add(POINT, fit(path.len()), with(is(path, at)));
            }
            let fits = StringMatch::Fits(expression.clone());
            let test = Test::Path(crate::model::PathMatch::Text(fits));
            add(FITTING, fit(0), with(When::Is(test, at.clone())));
        }
        Path::Below(path) => {
            let path = trimmed(path);
            add(POINT, fit(path.len()), with(is(path, at)));
            let below = match path {
                "" | "/" => When::Always,
                path => begins(format!("{path}/"), at),
            };
            add(BELOW, fit(path.len()), with(below));
        }
    }
}

/// A path without slashes behind it.
fn trimmed(path: &str) -> &str {
    match path {
        "/" => "/",
        path => path.trim_end_matches('/'),
    }
}

/// The hosts of a route, and how well each fits.
fn hosts(route: &Route) -> Vec<(When, HostFit)> {
    if route.hosts.is_empty() {
        return vec![(When::Always, Reverse((0, 0)))];
    }
    let list = route.field("/spec/hostnames");
    let each = route.hosts.iter().enumerate().map(|(i, host)| {
        let at = list.join(i);
        let lower = host.to_lowercase();
        let (text, fit): (_, fn(_) -> _) = match lower.strip_prefix('*') {
            Some(rest) if rest.starts_with('.') => (rest, |text| StringMatch::Suffix(text)),
            _ => (lower.as_str(), |text| StringMatch::Exact(text)),
        };
        let kind = if text.len() < lower.len() { 1 } else { 2 };
        // the dot behind a name means nothing
        let mut texts = vec![text.to_owned()];
        if !text.ends_with('.') {
            texts.push(format!("{text}."));
        }
        let any = texts
            .into_iter()
            .map(|text| When::Is(Test::HostName(fit(text.into())), at.clone()));
        (When::any(any.collect()), Reverse((kind, text.len())))
    });
    each.collect()
}
