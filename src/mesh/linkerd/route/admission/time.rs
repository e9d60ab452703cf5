//! Times and tries, in fields and in annotations.
//!
//! `linkerd/linkerd2: policy-controller/k8s/index/src/outbound/index.rs` (parse_timeouts),
//! `outbound/index/{http,grpc}.rs` (parse_http_retry, parse_grpc_retry).

use crate::mesh::linkerd::crd::Timeouts;
use crate::mesh::linkerd::object::{Refusal, by_webhook};
use crate::model::Labels;

const TIMES: &[&str] = &[
    "timeout.linkerd.io/response",
    "timeout.linkerd.io/request",
    "timeout.linkerd.io/idle",
    "retry.linkerd.io/timeout",
];

/// What is refused of the annotations of a route on a Service or an EgressNetwork; `on` is what tells
/// on which answers there is another try.
pub(super) fn annotations(all: &Labels, on: &str) -> Option<Refusal> {
    let refused = |key: &str| {
        let what = format!("{key} cannot be read");
        let field = key.replace('/', "~1");
        by_webhook(what, format!("/metadata/annotations/{field}"))
    };
    let bad_time = |key: &&&str| all.get(**key).is_some_and(|text| !is_time(text));
    if let Some(key) = TIMES.iter().find(bad_time) {
        return refused(key);
    }
    let limit = all.get("retry.linkerd.io/limit");
    if limit.is_some_and(|text| text.parse::<u16>().is_err()) {
        return refused("retry.linkerd.io/limit");
    }
    let tries: fn(&str) -> bool = match on {
        "retry.linkerd.io/grpc" => is_grpc,
        _ => is_http,
    };
    let conditions = all.get(on)?;
    match conditions.split(',').all(tries) {
        true => None,
        false => refused(on),
    }
}

/// A number with its unit, or nothing at all: `0`.
fn is_time(text: &str) -> bool {
    let text = text.trim();
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let (number, _) = text.split_at(text.len() - unit.len());
    match number.parse::<u64>() {
        Ok(0) => matches!(unit, "" | "ms" | "s" | "m" | "h" | "d"),
        Ok(_) => matches!(unit, "ms" | "s" | "m" | "h" | "d"),
        Err(_) => false,
    }
}

fn is_http(condition: &str) -> bool {
    let code = |text: &str| {
        let number = text.parse::<u32>().ok();
        number.filter(|code| (100..600).contains(code))
    };
    let range = condition.split_once('-');
    let range = range.and_then(|(first, last)| Some((code(first)?, code(last)?)));
    condition.eq_ignore_ascii_case("5xx")
        || condition.eq_ignore_ascii_case("gateway-error")
        || code(condition).is_some()
        || range.is_some_and(|(first, last)| first <= last)
}

fn is_grpc(condition: &str) -> bool {
    let known = [
        "cancelled",
        "deadline-exceeded",
        "internal",
        "resource-exhausted",
        "unavailable",
    ];
    known.iter().any(|one| condition.eq_ignore_ascii_case(one))
}

/// How long a request may take: one try not longer than all of it.
pub(super) fn timeouts(timeouts: &Timeouts, at: &str) -> Option<Refusal> {
    let read = |text: &Option<String>| text.as_deref().map(milliseconds);
    let (all, one) = (read(&timeouts.request), read(&timeouts.backend_request));
    if all == Some(None) || one == Some(None) {
        return by_webhook("a time is a number with its unit, and not negative", at);
    }
    let (all, one) = (all.flatten()?, one.flatten()?);
    match one > all && all > 0 {
        true => {
            let what = "one try may take longer than the whole request";
            by_webhook(what, format!("{at}/backendRequest"))
        }
        false => None,
    }
}

/// A time as the Gateway API writes it: `1h2m3s4ms`.
fn milliseconds(text: &str) -> Option<u64> {
    let mut sum: u64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = rest.split_at_checked(digits)?;
        let unit_end = after.find(|c: char| !c.is_ascii_alphabetic());
        let (unit, after) = after.split_at_checked(unit_end.unwrap_or(after.len()))?;
        let factor = match unit {
            "h" => 3_600_000,
            "m" => 60_000,
            "s" => 1_000,
            "ms" => 1,
            _ => return None,
        };
        let part = number.parse::<u64>().ok()?.checked_mul(factor)?;
        sum = sum.checked_add(part)?;
        rest = after;
    }
    (!text.is_empty()).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::{is_http, is_time, milliseconds};

    #[test]
    fn times() {
        assert_eq!(milliseconds("1h2m3s4ms"), Some(3_723_004));
        assert_eq!(milliseconds("0s"), Some(0));
        for text in ["", "-1s", "1", "s", "1x"] {
            assert_eq!(milliseconds(text), None, "{text}");
        }
        for text in ["0", "5s", "10ms", " 1d "] {
            assert!(is_time(text), "{text}");
        }
        for text in ["5", "1.5s", "-1s", "soon", ""] {
            assert!(!is_time(text), "{text}");
        }
    }

    #[test]
    fn tries() {
        for text in ["5xx", "Gateway-Error", "503", "500-504"] {
            assert!(is_http(text), "{text}");
        }
        for text in ["often", "99", "504-500", ""] {
            assert!(!is_http(text), "{text}");
        }
    }
}
