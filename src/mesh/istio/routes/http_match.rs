//! `http[].match` of a VirtualService: what it takes, and what it and a delegate's match take together.
//!
//! `istio/istio: pilot/pkg/networking/core/route/route.go` (TranslateRouteMatch), delegates:
//! `istio/istio: pilot/pkg/model/virtualservice.go` (mergeHTTPMatchRequests).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::named::full_name;
use crate::model::{At, Expression, Labels, PathMatch, StringMatch, Test, When};

/// A match on a text, as Istio writes it. Empty takes anything that is there.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Text {
    exact: Option<String>,
    prefix: Option<String>,
    regex: Option<String>,
}

/// `http[].match[]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct HttpMatch {
    uri: Option<Text>,
    scheme: Option<Text>,
    method: Option<Text>,
    authority: Option<Text>,
    headers: BTreeMap<String, Text>,
    without_headers: BTreeMap<String, Text>,
    query_params: BTreeMap<String, Text>,
    ignore_uri_case: bool,
    /// The port that is called; 0 is any.
    pub port: u16,
    /// Labels of the proxy's pods.
    pub source_labels: Labels,
    /// Namespace of the proxy's pods; empty is any.
    pub source_namespace: String,
    /// The proxies it is for; none is all that the VirtualService is for.
    pub gateways: Vec<String>,
}

impl HttpMatch {
    /// The prefix of the paths it takes; nothing where it takes others.
    pub fn prefix(&self) -> Option<&str> {
        match &self.uri {
            Some(uri) => uri.prefix.as_deref(),
            None => Some("/"),
        }
    }

    /// The same, with the full names of its gateways.
    pub fn near(&self, namespace: &str) -> Self {
        let gateways = self.gateways.iter();
        Self {
            gateways: gateways.map(|name| full_name(name, namespace)).collect(),
            ..self.clone()
        }
    }

    /// What it and a delegate's match take together; nothing where they contradict each other.
    pub fn refined(&self, leaf: &Self) -> Option<Self> {
        if self.conflicts(leaf) {
            return None;
        }
        let or = |leaf: &Option<Text>, root: &Option<Text>| leaf.clone().or_else(|| root.clone());
        let gateways = match leaf.gateways.is_empty() {
            true => &self.gateways,
            false => &leaf.gateways,
        };
        let mut source_labels = self.source_labels.clone();
        source_labels.extend(leaf.source_labels.clone());
        Some(Self {
            uri: or(&leaf.uri, &self.uri),
            scheme: or(&leaf.scheme, &self.scheme),
            method: or(&leaf.method, &self.method),
            authority: or(&leaf.authority, &self.authority),
            headers: joined(&self.headers, &leaf.headers),
            without_headers: joined(&self.without_headers, &leaf.without_headers),
            query_params: joined(&self.query_params, &leaf.query_params),
            ignore_uri_case: leaf.ignore_uri_case,
            port: if leaf.port == 0 { self.port } else { leaf.port },
            source_labels,
            source_namespace: leaf.source_namespace.clone(),
            gateways: gateways.clone(),
        })
    }

    /// Whether a delegate's match takes something that this one does not.
    fn conflicts(&self, leaf: &Self) -> bool {
        let texts = [
            (&self.uri, &leaf.uri),
            (&self.scheme, &leaf.scheme),
            (&self.method, &leaf.method),
            (&self.authority, &leaf.authority),
        ];
        let of_maps = |root: &BTreeMap<String, Text>, leaf: &BTreeMap<String, Text>| {
            leaf.iter().any(|(name, leaf)| {
                let root = root.get(name);
                root.is_some_and(|root| !root.covers(leaf))
            })
        };
        let labels = leaf.source_labels.iter().any(|(name, leaf)| {
            let root = self.source_labels.get(name);
            root.is_some_and(|root| root != leaf)
        });
        let both = !self.gateways.is_empty() && !leaf.gateways.is_empty();
        let gateways = both && !leaf.gateways.iter().all(|g| self.gateways.contains(g));
        texts
            .into_iter()
            .filter_map(|(root, leaf)| root.as_ref().zip(leaf.as_ref()))
            .any(|(root, leaf)| !root.covers(leaf))
            || of_maps(&self.headers, &leaf.headers)
            || of_maps(&self.without_headers, &leaf.without_headers)
            || of_maps(&self.query_params, &leaf.query_params)
            || self.ignore_uri_case != leaf.ignore_uri_case
            || (self.port > 0 && leaf.port > 0 && self.port != leaf.port)
            || (!self.source_namespace.is_empty() && leaf.source_namespace != self.source_namespace)
            || labels
            || gateways
    }

    /// What of it depends on the request.
    pub fn when(&self, at: &At) -> When {
        let mut all = Vec::new();
        let doubt = |what: String, at: At| When::Is(Test::Unknowable(what.into()), at);
        if let Some(uri) = self.uri.as_ref().filter(|uri| !uri.is_everywhere()) {
            let at = at.join("uri");
            let value = match self.ignore_uri_case {
                true => uri.any_case(),
                false => uri.neutral(),
            };
            match value {
                Some(value) => all.push(When::Is(Test::Path(PathMatch::Text(value)), at)),
                None => all.push(doubt("whether the path fits this expression".into(), at)),
            }
        }
        for (field, value, test) in [
            (
                "method",
                &self.method,
                Test::Method as fn(StringMatch) -> Test,
            ),
            ("authority", &self.authority, Test::Host),
        ] {
            if let Some(value) = value {
                let at = at.join(field);
                all.push(match value.neutral() {
                    Some(value) => When::Is(test(value), at),
                    None => doubt(format!("whether the {field} fits this expression"), at),
                });
            }
        }
        for (name, value) in &self.headers {
            all.push(header(name, value, at.join("headers").join(name)));
        }
        for (name, value) in &self.without_headers {
            all.push(header(name, value, at.join("withoutHeaders").join(name)).not());
        }
        for (name, value) in &self.query_params {
            let at = at.join("queryParams").join(name);
            let name = name.as_str().into();
            all.push(match value.neutral() {
                Some(value) => When::Is(Test::Query { name, value }, at),
                None => doubt(
                    format!("whether the query's {name} fits this expression"),
                    at,
                ),
            });
        }
        if self.scheme.is_some() {
            all.push(doubt(
                "whether the scheme is this one".into(),
                at.join("scheme"),
            ));
        }
        When::all(all)
    }
}

fn joined(root: &BTreeMap<String, Text>, leaf: &BTreeMap<String, Text>) -> BTreeMap<String, Text> {
    let mut all = root.clone();
    all.extend(leaf.clone());
    all
}

fn header(name: &str, value: &Text, at: At) -> When {
    // `istio/istio: pilot/pkg/networking/core/route/route.go` (translateMetadataMatch)
    if name.starts_with("@request.auth.claims") {
        let what = format!("whether the token has {name} as it should be");
        return When::Is(Test::Unknowable(what.into()), at);
    }
    match value.neutral() {
        Some(value) => {
            let name = name.to_lowercase().into();
            When::Is(Test::Header { name, value }, at)
        }
        None => {
            let what = format!("whether the header {name} fits this expression");
            When::Is(Test::Unknowable(what.into()), at)
        }
    }
}

impl Text {
    /// Whether every path has it.
    fn is_everywhere(&self) -> bool {
        self.prefix.as_deref() == Some("/") || matches!(self.regex.as_deref(), Some(".*" | "/.*"))
    }

    /// The match in neutral form; nothing of an expression that cannot be read.
    fn neutral(&self) -> Option<StringMatch> {
        match (&self.exact, &self.prefix, &self.regex) {
            (Some(exact), _, _) => Some(StringMatch::Exact(exact.as_str().into())),
            (_, Some(prefix), _) => Some(StringMatch::Prefix(prefix.as_str().into())),
            (_, _, Some(regex)) if regex == ".*" => Some(StringMatch::Prefix("".into())),
            (_, _, Some(regex)) => Expression::whole(regex).map(StringMatch::Fits),
            _ => Some(StringMatch::Any),
        }
    }

    /// The same, whatever the case; of an expression as it is.
    fn any_case(&self) -> Option<StringMatch> {
        let (text, more) = match (&self.exact, &self.prefix) {
            (Some(exact), _) => (exact, false),
            (None, Some(prefix)) => (prefix, true),
            (None, None) => return self.neutral(),
        };
        Expression::any_case(text, more).map(StringMatch::Fits)
    }

    /// Whether a delegate's text is one that this takes.
    /// `istio/istio: pilot/pkg/model/virtualservice.go` (stringMatchConflict).
    fn covers(&self, leaf: &Self) -> bool {
        match (&self.exact, &self.prefix) {
            (Some(exact), _) => leaf.exact.as_ref() == Some(exact),
            (None, Some(prefix)) => {
                let leaf = leaf.prefix.as_ref().or(leaf.exact.as_ref());
                leaf.is_some_and(|leaf| leaf.starts_with(prefix.as_str()))
            }
            (None, None) => false,
        }
    }
}
