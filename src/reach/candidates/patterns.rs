//! What rules look for, and the texts that meet or avoid it.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::model::{
    HeaderLine, Normalization, PathMatch, PathRewrite, Request, Rule, Segment, StringMatch, Test,
    names_host,
};
use crate::reach::normalize;

/// A text that stands in no rule.
const ANY: &str = "meshvet-any";

/// The patterns that rules use, by part of the request.
#[derive(Default)]
pub(super) struct Patterns {
    methods: Vec<StringMatch>,
    paths: Vec<PathMatch>,
    hosts: Vec<StringMatch>,
    /// Parameters of the query.
    parameters: Vec<(String, StringMatch)>,
    headers: Vec<(String, StringMatch)>,
    addresses: Vec<ipnet::IpNet>,
}

impl Patterns {
    /// Adds what a rule looks for; paths as they are before they are rewritten.
    pub(super) fn add_all(&mut self, rule: &Rule, rewrites: &[&PathRewrite]) {
        rule.when.each_test(&mut |test, _| {
            self.add(test);
            if let Test::Path(PathMatch::Text(text)) = test {
                self.add_before(text, rewrites);
            }
        });
    }

    fn add_before(&mut self, text: &StringMatch, rewrites: &[&PathRewrite]) {
        let (StringMatch::Exact(path) | StringMatch::Prefix(path)) = text else {
            return;
        };
        let mut before = path.to_string();
        for rewrite in rewrites.iter().rev() {
            match rewrite.before(&before) {
                Some(path) => before = path,
                None => return,
            }
        }
        let text = match text {
            StringMatch::Exact(_) => StringMatch::Exact(before.into()),
            _ => StringMatch::Prefix(before.into()),
        };
        push(&mut self.paths, PathMatch::Text(text));
    }

    fn add(&mut self, test: &Test) {
        match test {
            Test::Method(value) => push(&mut self.methods, value.clone()),
            Test::Path(value) => push(&mut self.paths, value.clone()),
            Test::Host(value) | Test::HostName(value) | Test::Authority(value) => {
                push(&mut self.hosts, value.clone())
            }
            Test::Query { name, value } | Test::AnyQuery { name, value } => {
                push(&mut self.parameters, (name.to_string(), value.clone()))
            }
            Test::Header { name, value } if names_host(name) => {
                push(&mut self.hosts, value.clone())
            }
            Test::Header { name, value } => {
                push(&mut self.headers, (name.to_string(), value.clone()))
            }
            Test::ClientAddress(range) => push(&mut self.addresses, *range),
            _ => {}
        }
    }

    /// Whether a text that is not given may fit an expression, for which nothing is tried.
    pub(super) fn fit_others(&self, given: &Request, asked: bool) -> bool {
        let fits = |value: &StringMatch| matches!(value, StringMatch::Fits(_));
        let path = |path: &PathMatch| matches!(path, PathMatch::Text(StringMatch::Fits(_)));
        let parameter = |(name, value): &(String, StringMatch)| {
            // one that is sent twice, or is not written as it is read, may be more than was tried
            let others = self.parameters.iter().filter(|(other, _)| other == name);
            let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            let read = |value: &StringMatch| match value {
                StringMatch::Exact(text) => plain(text),
                StringMatch::Any => true,
                _ => false,
            };
            others.count() > 1 || !plain(name) || !read(value)
        };
        let query = || self.parameters.iter().any(parameter);
        (given.path.is_none() && (query() || self.paths.iter().any(path)))
            || (given.host.is_none() && self.hosts.iter().any(fits))
            || (!asked && self.headers.iter().any(|(_, value)| fits(value)))
    }

    /// Every method that rules tell apart, and one that they do not.
    pub(super) fn methods(&self) -> Vec<String> {
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

    pub(super) fn paths(&self) -> Vec<String> {
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
        // an expression may fit what no path is
        paths.retain(|path| {
            path.bytes()
                .all(|b| b.is_ascii_graphic() && !b"?#".contains(&b))
        });
        paths
    }

    pub(super) fn hosts(&self) -> Vec<String> {
        witnesses(&self.hosts, &format!("{ANY}.invalid"))
    }

    /// For each header, that it is absent, and each way its line may look to policies.
    pub(super) fn headers(&self, mode: Normalization) -> Vec<Vec<Option<HeaderLine>>> {
        let mut all = by_name(&self.headers, |name, value| HeaderLine {
            name: name.to_owned(),
            value,
        });
        let arrives = |line: &HeaderLine| {
            let seen = normalize::headers(std::slice::from_ref(line), mode);
            seen.is_some_and(|seen| seen == [line.clone()])
        };
        for ways in &mut all {
            ways.retain(|way| way.as_ref().is_none_or(arrives));
        }
        all
    }

    /// For each parameter, that it is absent, and each way it may stand in a query.
    pub(super) fn parameters(&self) -> Vec<Vec<Option<String>>> {
        by_name(&self.parameters, |name, value| {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.append_pair(name, &value).finish()
        })
    }

    /// The caller chooses the address that headers give it; without a header it is the peer's.
    pub(super) fn addresses(&self, peer: Option<IpAddr>) -> Vec<Option<IpAddr>> {
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

/// For each name, that it is absent, and each way it may be there.
fn by_name<T>(
    all: &[(String, StringMatch)],
    present: impl Fn(&str, String) -> T,
) -> Vec<Vec<Option<T>>> {
    let names: BTreeSet<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    let ways = names.into_iter().map(|name| {
        let values = all.iter().filter(|(of, _)| of == name);
        let values: Vec<StringMatch> = values.map(|(_, value)| value.clone()).collect();
        let there = witnesses(&values, ANY)
            .into_iter()
            .map(|value| Some(present(name, value)));
        std::iter::once(None).chain(there).collect()
    });
    ways.collect()
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
            StringMatch::Fits(expression) => {
                let examples = expression.examples(ANY).into_iter();
                for example in examples.filter(|text| !text.contains(char::is_control)) {
                    push(&mut texts, example);
                }
            }
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
