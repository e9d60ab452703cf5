//! One caller and one request, as a proxy sees them.

use std::net::IpAddr;

use crate::model::{
    Addresses, HeaderChange, HeaderLine, Identity, Layer, Rewrite, Ruleset, StringMatch, Token,
    TokenRule,
};

/// What is known of a caller on one way in.
#[derive(Debug, Clone)]
pub struct Caller<'a> {
    /// Who it has proven to be.
    pub identity: Option<&'a Identity>,
    /// Where the connection comes from, if that is known.
    pub peer: Option<IpAddr>,
    /// Whether it comes from within the cluster.
    pub inside: bool,
    /// The address that was dialled, if that is known.
    pub destination: Option<IpAddr>,
    /// The workload's port.
    pub port: u16,
    /// The server name of the TLS handshake; none in plaintext.
    pub server_name: Option<String>,
    /// How the bytes are read.
    pub layer: Layer,
    /// The address of the client, as rules see it.
    pub client: ClientAddress,
}

/// Where rules have the address of the client from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAddress {
    /// From headers, as the proxy reads them.
    Read(Addresses),
    /// From a proxy before, which wrote it there; if it is known.
    Written(Option<IpAddr>),
}

/// One request, whole, as the proxy sees it.
#[derive(Debug, Clone, Default)]
pub struct Attempt {
    /// Method.
    pub method: String,
    /// Path after normalization.
    pub path: String,
    /// What follows `?` in the target.
    pub query: String,
    /// Authority in lower case.
    pub host: String,
    /// Header lines; names in lower case.
    pub headers: Vec<HeaderLine>,
    /// A token that was accepted.
    pub token: Option<Token>,
    /// Whether a token was presented that is not accepted.
    pub token_refused: bool,
    /// Whether a token was presented of which only its text is known.
    pub token_unjudged: bool,
    /// The client's address as headers have it, if it is known.
    pub client_address: Option<IpAddr>,
    /// Whether it is the request that is asked about.
    pub given: bool,
    /// Whether nothing is known of the request: what it is made of may be anything.
    pub open: bool,
}

impl Attempt {
    /// The first value of a parameter of the query.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let mut all = self
            .query
            .split('&')
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        all.find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// What becomes of it behind a route.
    pub fn rewrite(&mut self, rewrite: &Rewrite) {
        if let Some(path) = &rewrite.path {
            match path.of(&self.path) {
                Some(path) => self.path = path,
                None => self.open = true,
            }
        }
        if let Some(host) = &rewrite.host {
            self.host = host.to_lowercase();
        }
        for change in &rewrite.headers {
            self.change(change);
        }
    }

    fn change(&mut self, change: &HeaderChange) {
        let (name, value, more) = match change {
            HeaderChange::Remove(name) => (name, None, false),
            HeaderChange::Set(name, value) => (name, Some(value), false),
            HeaderChange::Add(name, value) => (name, Some(value), true),
        };
        if !more {
            self.headers.retain(|line| *line.name != **name);
        }
        let Some(value) = value else {
            return;
        };
        // the proxy fills in what stands between `%`
        self.open |= value.contains('%');
        self.headers.push(HeaderLine {
            name: name.to_string(),
            value: value.to_string(),
        });
    }
}

/// A claim that is a text, or a list with such a text in it.
pub(super) fn matches_claim(
    token: &Token,
    path: &[std::sync::Arc<str>],
    value: &StringMatch,
) -> bool {
    use serde_json::Value;
    if let [only] = path
        && &**only == "iss"
    {
        return value.matches(&token.issuer);
    }
    let Some((first, rest)) = path.split_first() else {
        return false;
    };
    let mut found = token.claims.get(&**first);
    for step in rest {
        found = found.and_then(|claim| claim.get(&**step));
    }
    match found {
        Some(Value::String(text)) => value.matches(text),
        Some(Value::Array(items)) => items
            .iter()
            .any(|item| item.as_str().is_some_and(|text| value.matches(text))),
        _ => false,
    }
}

/// A token as a server takes it.
pub(super) struct Judged {
    /// Whether it is accepted.
    pub(super) accepted: bool,
    /// Whether it is looked at and not accepted.
    pub(super) refused: bool,
    /// Whether the next server sees it.
    pub(super) forwarded: bool,
}

/// How a server takes a token.
pub(super) fn judge_token(rules: &[TokenRule], token: &Token) -> Judged {
    let known: Vec<&TokenRule> = rules
        .iter()
        .filter(|rule| *rule.issuer == *token.issuer)
        .collect();
    let accepted = token.valid && known.iter().any(|rule| takes_audience(rule, token));
    let looked_at = !known.is_empty() || rules.iter().any(|rule| rule.default_location);
    Judged {
        accepted,
        refused: looked_at && !accepted,
        forwarded: !accepted || known.iter().any(|rule| rule.forwards),
    }
}

fn takes_audience(rule: &TokenRule, token: &Token) -> bool {
    let exact = |audience: &std::sync::Arc<str>| StringMatch::Exact(audience.clone());
    rule.audiences.is_empty()
        || rule
            .audiences
            .iter()
            .any(|a| matches_claim(token, &["aud".into()], &exact(a)))
}

/// What is asked at one place, and what that place knows of the caller.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// The rules.
    pub rules: &'a Ruleset,
    /// The caller, as it shows there.
    pub caller: Caller<'a>,
    /// Whether the rules are routes.
    pub routes: bool,
    /// What becomes of the request behind it.
    pub rewrite: Option<&'a Rewrite>,
    /// The proxy that asks, if it is not the workload's own.
    pub by: Option<&'a str>,
}

impl<'a> Asked<'a> {
    /// Rules about who may pass.
    pub fn who(rules: &'a Ruleset, caller: Caller<'a>) -> Self {
        Self {
            rules,
            caller,
            routes: false,
            rewrite: None,
            by: None,
        }
    }
}
