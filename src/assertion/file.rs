//! The test file, as product.md describes it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Deserialize;

use super::token::{self, Jwt};
use crate::model::{HeaderLine, Place, Problem, ProblemKind, Request};
use crate::syntax::{Document, Node};
use crate::text::Span;

/// One test.
#[derive(Debug, Clone)]
pub struct Assertion {
    /// What it is about, for people.
    pub name: String,
    /// Who calls.
    pub from: From,
    /// What is called.
    pub to: To,
    /// With which request; none asks whether any passes.
    pub request: Option<Request>,
    /// Whether it is to be allowed.
    pub allow: bool,
    /// The expected transport, where one is.
    pub transport: Option<String>,
    /// Whether dialling the pod itself must gain nothing.
    pub no_bypass: bool,
    /// Where its name is written.
    pub span: Span,
}

/// Who calls.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct From {
    /// `namespace/name` of a workload.
    pub workload: Option<String>,
    /// A service outside Kubernetes.
    pub service: Option<String>,
    /// Whether it is someone outside the cluster.
    pub external: bool,
    /// The address the call comes from.
    pub ip: Option<IpAddr>,
}

/// What is called.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct To {
    /// `namespace/name` of a workload.
    pub workload: Option<String>,
    /// A service outside Kubernetes.
    pub service: Option<String>,
    /// Whether it is outside the mesh.
    pub external: bool,
    /// Its host, outside the mesh.
    pub host: Option<String>,
    /// Its port.
    pub port: u16,
    /// The address that is dialled.
    pub ip: Option<IpAddr>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Expect {
    Allow,
    Deny,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    from: From,
    to: To,
    request: Option<WrittenRequest>,
    expect: Expect,
    transport: Option<Transport>,
    bypass: Option<String>,
    #[serde(default, rename = "why")]
    _why: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Transport {
    Mtls,
    Tls,
    Plaintext,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct WrittenRequest {
    method: Option<String>,
    path: Option<String>,
    host: Option<String>,
    headers: BTreeMap<String, Lines>,
    #[serde(deserialize_with = "token::one_or_several")]
    jwt: Vec<Jwt>,
}

/// One line of a header, or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Lines {
    One(String),
    Several(Vec<String>),
}

/// The tests of a document that has `tests:`; nothing of any other document.
pub fn parse(document: &Document) -> (Vec<Assertion>, Vec<Problem>) {
    let mut assertions = Vec::new();
    let mut problems = Vec::new();
    let list = document.root().get("tests");
    for node in list.into_iter().flat_map(Node::items) {
        match crate::syntax::from_node::<Written>(node) {
            Ok(written) => {
                if let Some(other) = written.bypass.as_deref().filter(|said| *said != "none") {
                    let message = format!("`bypass` takes `none`, not {other:?}");
                    problems.push(wrong(node, message));
                } else {
                    let span = node.get("name").map_or(node.span(), Node::span);
                    assertions.push(written.assertion(span));
                }
            }
            Err(error) => {
                let message = format!(
                    "this test cannot be read, at {}: {}",
                    error.pointer, error.message
                );
                problems.push(wrong(node, message));
            }
        }
    }
    (assertions, problems)
}

fn wrong(node: Node<'_>, message: String) -> Problem {
    Problem::new(
        ProblemKind::UnreadableManifest,
        message,
        Place::Span(node.span()),
    )
}

impl Written {
    fn assertion(self, span: Span) -> Assertion {
        let transport = self.transport.map(|transport| match transport {
            Transport::Mtls => "mtls",
            Transport::Tls => "tls",
            Transport::Plaintext => "plaintext",
        });
        Assertion {
            name: self.name,
            from: self.from,
            to: self.to,
            request: self.request.map(WrittenRequest::request),
            allow: matches!(self.expect, Expect::Allow),
            transport: transport.map(str::to_owned),
            no_bypass: self.bypass.is_some(),
            span,
        }
    }
}

impl WrittenRequest {
    fn request(self) -> Request {
        let mut headers = Vec::new();
        for (name, lines) in self.headers {
            let lines = match lines {
                Lines::One(line) => vec![line],
                Lines::Several(lines) => lines,
            };
            headers.extend(lines.into_iter().map(|value| HeaderLine {
                name: name.clone(),
                value,
            }));
        }
        Request {
            method: self.method,
            path: self.path,
            host: self.host,
            headers,
            tokens: self.jwt.into_iter().map(Jwt::token).collect(),
        }
        .with_host_of_headers()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::parse;
    use crate::text::{SourceFile, Sources};

    #[test]
    fn a_host_may_be_asked_for_by_a_header() {
        let text = "tests:\n- name: t\n  from: {external: true}\n  to: {port: 1}\n  expect: deny\n  \
            request: {headers: {Host: Api, X-A: [b, c]}}\n";
        let mut sources = Sources::default();
        let file = sources.add(SourceFile::new("a.meshvet-test.yaml", text));
        let (documents, _) = crate::syntax::parse(file, sources.get(file));
        let (assertions, _) = parse(documents.first().unwrap());
        let request = assertions.into_iter().next().unwrap().request.unwrap();
        assert_eq!(request.host.as_deref(), Some("Api"));
        let values: Vec<&str> = request.headers.iter().map(|line| &*line.value).collect();
        assert_eq!(values, ["b", "c"]);
    }
}
