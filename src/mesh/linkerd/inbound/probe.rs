//! What probes ask for, which the proxy lets anyone ask for.
//!
//! `linkerd/linkerd2: policy-controller/k8s/index/src/inbound/workload.rs` (pod_http_probes).

use super::server::ADMIN;
use crate::k8s::Index;
use crate::k8s::probe::{Asks, probes};
use crate::mesh::linkerd::membership::annotation::is_external;
use crate::model::{At, PathMatch, StringMatch, Test, When, Workload};

/// The probes of the proxy itself.
const OWN: [&str; 2] = ["/live", "/ready"];

/// What probes of a port ask for over HTTP.
pub fn of(index: &Index, workload: &Workload, port: u16) -> Vec<(When, At)> {
    if is_external(workload) {
        return Vec::new();
    }
    let declared = probes(index, workload).into_iter();
    let declared = declared.filter_map(|probe| match probe.asks {
        Asks::Path(path) if probe.port == port => Some((get(&path, &probe.at), probe.at)),
        _ => None,
    });
    let mut found: Vec<_> = declared.collect();
    if port == ADMIN.0 {
        // whether the proxy lives is no secret: nobody who asks what is open means this
        found.extend(OWN.map(|path| {
            let at = workload.at();
            let given = When::Is(Test::Given, at.clone());
            (When::all(vec![given, get(path, &at)]), at)
        }));
    }
    found
}

/// That a path is asked for.
fn get(path: &str, at: &At) -> When {
    let method = Test::Method(StringMatch::Exact("GET".into()));
    let path = Test::Path(PathMatch::Text(StringMatch::Exact(path.into())));
    When::all(vec![
        When::Is(method, at.clone()),
        When::Is(path, at.clone()),
    ])
}
