//! What calls a `GRPCRoute` takes, and how well it fits them.
//!
//! `linkerd/linkerd2-proxy: linkerd/http/route/src/grpc/match.rs`.

use super::request::{begins, headers, is};
use crate::mesh::linkerd::crd::GrpcMatch;
use crate::model::{At, PathMatch, Segment, StringMatch, Test, When};

/// How well a match fits: the lengths of service and method, and the headers.
pub(super) type Fit = (usize, usize, usize);

/// What a call must be; nothing where the proxy cannot read the match, and refuses all calls.
pub(super) fn wanted(one: &GrpcMatch, at: &At) -> Option<(When, Fit)> {
    let method = one.method.as_ref()?;
    let named = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let (service, name) = (named(&method.service), named(&method.method));
    let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let fit = (length(&service), length(&name), one.headers.len());
    let path_at = at.join("method");
    let post = Test::Method(StringMatch::Exact("POST".into()));
    let template = |end: &[&str]| {
        let mut segments = vec![Segment::Literal("/".into()), Segment::One];
        segments.extend(end.iter().map(|&text| Segment::Literal(text.into())));
        let rest = [segments.clone(), vec![Segment::Rest]].concat();
        (segments, rest)
    };
    let fits = |segments| When::Is(Test::Path(PathMatch::Template(segments)), path_at.clone());
    let path = match (service, name) {
        (Some(service), Some(name)) => When::any(vec![
            is(&format!("/{service}/{name}"), &path_at),
            begins(format!("/{service}/{name}/"), &path_at),
        ]),
        (Some(service), None) => begins(format!("/{service}/"), &path_at),
        (None, Some(name)) => {
            let (exact, _) = template(&[&format!("/{name}")]);
            let (_, longer) = template(&[&format!("/{name}/")]);
            When::any(vec![
                fits(exact),
                fits(longer),
                is(&format!("//{name}"), &path_at),
                begins(format!("//{name}/"), &path_at),
            ])
        }
        (None, None) => fits(template(&["/"]).1),
    };
    let mut parts = vec![When::Is(post, path_at.clone()), path];
    parts.extend(headers(&one.headers, &at.join("headers")));
    Some((When::all(parts), fit))
}
