//! HTTPLocalRateLimitPolicies: they limit how often, never who; what matters here is whether they
//! exist at all.
//!
//! `linkerd/linkerd2: policy-controller/runtime/src/admission.rs`.

use super::crd::{Limit, POLICY, RateLimit};
use super::object::{Objects, Refusal, by_webhook, timeless_first};
use crate::k8s::Index;
use crate::model::Problem;

/// Reads them.
pub fn read(index: &Index, problems: &mut Vec<Problem>) -> Objects<RateLimit> {
    let kind = (POLICY, "HTTPLocalRateLimitPolicy");
    Objects::read(index, kind, timeless_first, |_, one| refusal(one), problems)
}

fn refusal(policy: &RateLimit) -> Option<Refusal> {
    let refused = |what: &str, field: String| by_webhook(what, format!("/spec/{field}"));
    let of_server = |policy: &RateLimit| {
        let target = policy.target_ref.as_ref();
        target.is_some_and(|target| target.is(POLICY, "Server"))
    };
    if !of_server(policy) {
        let what = "it can be about a Server of the group policy.linkerd.io only";
        return refused(what, "targetRef".to_owned());
    }
    let rate = |limit: Option<Limit>| limit.map(|limit| limit.requests_per_second);
    let (total, identity) = (rate(policy.total), rate(policy.identity));
    let none = "a limit of no requests";
    let more = "it is more than the limit for all together";
    for (rate, field) in [(total, "total"), (identity, "identity")] {
        if rate == Some(0) {
            return refused(none, format!("{field}/requestsPerSecond"));
        }
    }
    if total.is_some_and(|total| identity > Some(total)) {
        return refused(more, "identity/requestsPerSecond".to_owned());
    }
    policy.overrides.iter().enumerate().find_map(|(i, one)| {
        let rate = one.requests_per_second;
        let field = format!("overrides/{i}/requestsPerSecond");
        if rate == 0 {
            return refused(none, field);
        }
        if total.is_some_and(|total| rate > total) {
            return refused(more, field);
        }
        let strange = |reference: &&super::crd::Reference| !reference.is("", "ServiceAccount");
        let other = one.client_refs.iter().find(strange)?;
        let what = format!("{} is no service account", other.title());
        refused(&what, format!("overrides/{i}/clientRefs"))
    })
}
